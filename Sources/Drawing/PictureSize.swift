/// The size of a picture as it is drawn.
package struct PictureSize {
  package var height: Int
  package var width: Int
  /// 3 for colours, 1 for grey.
  package var channels: Int

  package init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Numbers of the picture.
  package var pixels: Int { channels * height * width }
  /// What its numbers are, for captions.
  package var levels: String {
    channels == 3
      ? "Red, green and blue from 0 (dark) to 1 (bright)" : "Grey levels from 0 (black) to 1 (white)"
  }
}
