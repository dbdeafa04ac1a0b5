internal import COpenBLAS

/// Settings of OpenBLAS. The library itself runs on one thread, because each worker calls it for its own block.
public enum LinearAlgebraLibrary {
  /// Sets OpenBLAS to one thread. This happens once, before the first product.
  @usableFromInline static let singleThreaded: Void = { openblas_set_num_threads(1) }()

  /// OpenBLAS's description of itself: version, options, kernels.
  public static var description: String {
    _ = singleThreaded
    return String(cString: openblas_get_config()) + " " + String(cString: openblas_get_corename())
  }
}

/// Whether a matrix enters a product transposed.
public enum Transposition: Sendable {
  case none, transposed

  /// The value in `enum CBLAS_TRANSPOSE`.
  var code: Int32 { self == .none ? 111 : 112 }
}

/// The value in `enum CBLAS_LAYOUT` for matrices that are stored row by row.
let rowMajor: Int32 = 101
