internal import CCrypto

/// A running SHA-256 hash of data (FIPS 180-4), computed by OpenSSL's libcrypto.
///
/// It identifies models, data sets and cached results. It is not used for security.
public struct ContentHash: ~Copyable {
  private let context: OpaquePointer

  /// An empty hash.
  public init() {
    context = EVP_MD_CTX_new()
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends raw bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Appends the elements' bytes.
  public mutating func update<Element: BitwiseCopyable>(_ elements: [Element]) {
    elements.withUnsafeBytes { update($0) }
  }

  /// Appends a text's UTF-8 bytes.
  public mutating func update(_ text: String) {
    update(Array(text.utf8))
  }

  /// The hash of everything appended so far, as 64 lower-case hexadecimal digits; ends the hash.
  public consuming func hexadecimal() -> String {
    Self.finish(context)
  }

  /// The hash of everything appended so far; more may follow.
  public func hexadecimalSoFar() -> String {
    let copy = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(copy) }
    EVP_MD_CTX_copy_ex(copy, context)
    return Self.finish(copy)
  }

  private static func finish(_ context: OpaquePointer?) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  /// The hash of a text.
  public static func hexadecimal(of text: String) -> String {
    var hash = ContentHash()
    hash.update(text)
    return hash.hexadecimal()
  }
}
