// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "repeated-inference",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "simulate", targets: ["simulate"]),
    .library(name: "Numerics", targets: ["Numerics"]),
    .library(name: "Dynamics", targets: ["Dynamics"]),
    .library(name: "VAE", targets: ["VAE"]),
    .library(name: "Observables", targets: ["Observables"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .library(name: "Output", targets: ["Output"]),
    .library(name: "RunFiles", targets: ["RunFiles"]),
    .library(name: "Scenarios", targets: ["Scenarios"]),
    .library(name: "Figures", targets: ["Figures"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // System libraries. GSL goes without pkg-config on purpose: gsl.pc adds libgslcblas, whose cblas_*
    // symbols would serve in place of OpenBLAS's (right answers, slow).
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CGSL", providers: [.apt(["libgsl-dev"])]),
    .systemLibrary(name: "CNetCDF", pkgConfig: "netcdf", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    .target(name: "CKernels"),
    .target(
      name: "CProgram",
      cSettings: [
        .define("PROGRAM_COMMIT", to: "\"\(Context.environment["PROGRAM_COMMIT"] ?? "unknown")\"")
      ]),
    .target(name: "Numerics", dependencies: ["COpenBLAS", "CKernels", "CCrypto"]),
    .target(name: "Dynamics", dependencies: ["Numerics"]),
    .target(name: "VAE", dependencies: ["Dynamics", "Numerics"]),
    .target(name: "Observables", dependencies: ["Dynamics", "Numerics", "CGSL"]),
    .target(name: "Datasets", dependencies: ["Numerics", "CZlib"]),
    .target(name: "Output", dependencies: ["CNetCDF"]),
    // The layout of run files: what variables there are, writing, summaries over several files, tables.
    .target(name: "RunFiles", dependencies: ["Output", "Numerics", "Dynamics", "Observables", "Datasets"]),
    .target(
      name: "Scenarios",
      dependencies: [
        "Numerics", "Dynamics", "VAE", "Observables", "Datasets", "Output", "RunFiles",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    // Reads run files only; draws with the program gnuplot (apt: gnuplot-nox), which it starts.
    .target(name: "Figures", dependencies: ["Output", "RunFiles"]),
    .executableTarget(
      name: "simulate",
      dependencies: [
        "Scenarios", "Output", "RunFiles", "Figures", "CProgram",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Tests run in release builds (`make test`): the kernels are unusable without optimization.
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Numerics", "CZlib"], exclude: ["make_goldens.py"]),
    .testTarget(
      name: "CommandTests", dependencies: ["simulate", "Output", "RunFiles", "Observables", "Figures", "Scenarios"]),
    .testTarget(name: "DynamicsTests", dependencies: ["Dynamics", "Numerics"]),
    // Observables, so that GSL is linked: the test asks whose cblas_sgemm is found.
    .testTarget(name: "NumericsTests", dependencies: ["Numerics", "Observables"]),
    .testTarget(
      name: "ObservablesTests",
      dependencies: ["Observables", "VAE", "Dynamics", "Numerics", "Datasets", "Output"]),
    .testTarget(name: "VAETests", dependencies: ["VAE", "Observables", "Dynamics", "Numerics", "Output"]),
    .testTarget(name: "FiguresTests", dependencies: ["Figures", "Output"]),
    .testTarget(name: "RunFilesTests", dependencies: ["RunFiles", "Output", "Dynamics"]),
    .testTarget(name: "OutputTests", dependencies: ["Output"]),
    .testTarget(name: "ScenariosTests", dependencies: ["Scenarios"]),
  ]
)
