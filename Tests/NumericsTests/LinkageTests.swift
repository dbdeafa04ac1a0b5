import Foundation
import Numerics
import Observables
import Testing

/// libgslcblas exports the same `cblas_*` symbols as OpenBLAS; whichever library is linked first serves.
@Suite struct LinkageTests {
  /// `Dl_info` of dlfcn.h, which Swift does not see (it asks for _GNU_SOURCE): file name and base,
  /// symbol name and address.
  private typealias Information = (
    UnsafePointer<CChar>?, UnsafeRawPointer?, UnsafePointer<CChar>?, UnsafeRawPointer?
  )
  private typealias AddressLookup = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer) -> Int32

  /// The file that a symbol of this process comes from, by `dladdr`.
  private func file(of symbol: String) throws -> String {
    let address = try #require(dlsym(nil, symbol), "no symbol \(symbol)")  // nil: RTLD_DEFAULT
    let lookup = unsafeBitCast(try #require(dlsym(nil, "dladdr")), to: AddressLookup.self)
    var information: Information = (nil, nil, nil, nil)
    try #require(lookup(address, &information) != 0)
    return String(cString: try #require(information.0))
  }

  @Test func matrixProductsAreOpenBLAS() throws {
    for symbol in ["cblas_sgemm", "cblas_dgemm"] {
      let name = URL(fileURLWithPath: try file(of: symbol)).resolvingSymlinksInPath().path
      #expect(name.contains("openblas"), "\(symbol) comes from \(name)")
      #expect(!name.contains("gslcblas"), "\(symbol) comes from \(name)")
    }
    #expect(LinearAlgebraLibrary.description.contains("OpenBLAS"))
  }

  /// Without GSL in the process the test above could not fail. On Debian libgsl itself loads libgslcblas:
  /// its functions are there, and must not be the ones that are found.
  @Test func theScientificLibraryIsLinkedBehindOpenBLAS() throws {
    #expect(try file(of: "gsl_vector_alloc").contains("libgsl."))
    let impostor = dlopen("libgslcblas.so.0", RTLD_LAZY | RTLD_NOLOAD).flatMap { dlsym($0, "cblas_sgemm") }
    #expect(try #require(dlsym(nil, "cblas_sgemm")) != impostor)
  }
}
