internal import CPictures
import Datasets

/// A picture of bytes, as a PNG file has them: no gamma, no colour conversion; palettes are expanded.
public struct Picture: Sendable, Hashable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// 1 of grey pictures, 3 of colour pictures.
  public let channels: Int
  /// Shape `[height, width, channels]`, row-major.
  public let pixels: [UInt8]

  /// A picture of these pixels.
  ///
  /// - Precondition: As many pixels as the sizes say.
  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == height * width * channels && height > 0 && width > 0)
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// The largest PNG file, in bytes.
  static let largestFile = 1 << 28

  /// Reads a PNG file.
  ///
  /// - Throws: `DatasetError`: missing; invalid where it is no PNG file, damaged, has transparency or 16 bits per channel,
  ///   or more than 16384 rows or columns.
  public init(png path: String) throws(DatasetError) {
    let reader = try ByteReader(path: path)
    guard reader.fileSize <= Self.largestFile, !reader.isCompressed else {
      throw DatasetError.invalid(path, "not a PNG file", "a PNG file of at most 256 MiB", "convert it to PNG")
    }
    var bytes = [UInt8](repeating: 0, count: reader.fileSize)
    var filled = 0
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) in
      filled = try reader.read(into: buffer)
    }
    try self.init(png: Array(bytes.prefix(filled)), path: path)
  }

  /// Reads the bytes of a PNG file.
  ///
  /// - Parameters:
  ///   - bytes: The file's contents.
  ///   - path: The file, for messages.
  /// - Throws: As `init(png:)`.
  public init(png bytes: [UInt8], path: String) throws(DatasetError) {
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw DatasetError.invalid(path, "not a PNG file", "a PNG file", "convert it to PNG")
    }
    var description = cpictures_picture()
    try Self.check(cpictures_header(bytes, bytes.count, &description), description, path)
    let (height, width) = (Int(description.height), Int(description.width))
    let channels = Int(description.channels)
    // A byte of deflated data holds at most 1032 bytes, in which eight pixels of one bit may be.
    guard height * width <= bytes.count * ByteReader.largestInflation * 8 else {
      throw DatasetError.invalid(
        path, "its header declares \(height) x \(width) pixels in \(bytes.count) bytes",
        "an undamaged PNG file", "write it again")
    }
    var pixels = [UInt8](repeating: 0, count: height * width * channels)
    let status = cpictures_pixels(bytes, bytes.count, &description, &pixels, pixels.count)
    try Self.check(status, description, path)
    self.init(height: height, width: width, channels: channels, pixels: pixels)
  }

  private static func check(
    _ status: cpictures_status, _ picture: cpictures_picture, _ path: String
  ) throws(DatasetError) {
    switch status {
    case CPICTURES_READ: return
    case CPICTURES_ALPHA:
      throw DatasetError.invalid(
        path, "it has transparency", "grey or colour without it", "paint it over a background")
    case CPICTURES_SIXTEEN_BITS:
      throw DatasetError.invalid(
        path, "it has 16 bits per channel", "8 bits or fewer", "convert it, or use dataset.kind: array")
    case CPICTURES_TOO_LARGE:
      throw DatasetError.invalid(
        path, "it has \(picture.height) x \(picture.width) pixels", "at most 16384 rows and columns",
        "make it smaller")
    default:
      let message = withUnsafeBytes(of: picture.message) { raw in
        String(decoding: raw.prefix { $0 != 0 }.map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
      }
      throw DatasetError.invalid(
        path, "it is damaged (\(message))", "an undamaged PNG file", "write or fetch it again")
    }
  }

}
