/// How many rows pass through the kernels together.
public enum BlockSize {
  /// The rows of a block by default: a common multiple of the heights of the kernels' register tiles (6 and 14), and few
  /// enough that a block's states and activations stay in a core's cache.
  public static let standard = 126

  /// The height of the tallest register tile of the kernels: fewer rows leave registers unused.
  public static let tileHeight = 14
}
