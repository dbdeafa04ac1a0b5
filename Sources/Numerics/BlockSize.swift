/// How many rows pass through the kernels together.
public enum BlockSize {
  /// The default number of rows in a block. It is a common multiple of the heights of the kernels' register tiles
  /// (6 and 14), and small enough for a block's states and activations to stay in a core's cache.
  public static let standard = 126

  /// The height of the kernels' tallest register tile. Blocks with fewer rows leave registers unused.
  public static let tileHeight = 14
}
