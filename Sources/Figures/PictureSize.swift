import Output

extension RunData {
  /// The size of pictures as they are drawn.
  struct PictureSize {
    var height: Int
    var width: Int
    /// 3 for colours, 1 for grey.
    var channels: Int

    /// Numbers of a picture.
    var pixels: Int { channels * height * width }
    /// What their numbers are, for captions.
    var levels: String {
      channels == 3
        ? "Red, green and blue from 0 (dark) to 1 (bright)" : "Grey levels from 0 (black) to 1 (white)"
    }
  }

  /// The image size that a variable of pictures declares. Its last dimension must agree with it. Three channels are red,
  /// green and blue; of other numbers, channels are grey pictures one below the other.
  func imageSize(_ variable: NetCDFReaderVariable) throws -> PictureSize {
    guard let height = (try? variable.attribute("image_height"))?.integer,
      let width = (try? variable.attribute("image_width"))?.integer, (1...4096).contains(height),
      (1...4096).contains(width), let pixels = variable.shape.last,
      case let channels = (try? variable.attribute("image_channels"))?.integer ?? 1,
      (1...4096).contains(channels), height * channels * width == pixels
    else {
      throw invalid(
        variable.path,
        "has no attributes image_height and image_width that fit its \(variable.shape.last ?? 0) pixels")
    }
    return channels == 3
      ? PictureSize(height: height, width: width, channels: 3)
      : PictureSize(height: height * channels, width: width, channels: 1)
  }
}
