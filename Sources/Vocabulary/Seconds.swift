extension Duration {
  /// This duration in seconds.
  package var inSeconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}
