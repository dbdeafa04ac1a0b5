/// How many rows the program works on at once.
public enum BlockSize {
  /// A common multiple of the heights of the kernels' register tiles (14 and 6 rows), small enough that the states and
  /// activations of a block stay in the cache.
  public static let standard = 126
}
