// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "repeated-inference",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "simulate", targets: ["simulate"]),
    .library(name: "Numerics", targets: ["Numerics"]),
    .library(name: "Dynamics", targets: ["Dynamics"]),
    .library(name: "Corruptions", targets: ["Corruptions"]),
    .library(name: "VAE", targets: ["VAE"]),
    .library(name: "ONNX", targets: ["ONNX"]),
    .library(name: "Statistics", targets: ["Statistics"]),
    .library(name: "Observables", targets: ["Observables"]),
    .library(name: "Attractors", targets: ["Attractors"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .library(name: "Arrays", targets: ["Arrays"]),
    .library(name: "Pictures", targets: ["Pictures"]),
    .library(name: "Output", targets: ["Output"]),
    .library(name: "RunFiles", targets: ["RunFiles"]),
    .library(name: "Summaries", targets: ["Summaries"]),
    .library(name: "Scenarios", targets: ["Scenarios"]),
    .library(name: "Kinds", targets: ["Kinds"]),
    .library(name: "Preparation", targets: ["Preparation"]),
    .library(name: "Experiments", targets: ["Experiments"]),
    .library(name: "Campaigns", targets: ["Campaigns"]),
    .library(name: "Vocabulary", targets: ["Vocabulary"]),
    // With all that a program of one's own is made of.
    .library(
      name: "SimulateProgram",
      targets: [
        "SimulateProgram", "Kinds", "Scenarios", "RunFiles", "Summaries", "VAE", "Datasets", "Attractors",
        "Observables",
        "Corruptions", "Dynamics", "Numerics", "Output", "Vocabulary", "Arrays",
      ]),
    .library(name: "Figures", targets: ["Figures", "Drawing"]),
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
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    // HDF5 comes with NetCDF.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    .target(name: "CKernels"),
    .target(
      name: "CProgram",
      cSettings: [
        .define("PROGRAM_COMMIT", to: "\"\(Context.environment["PROGRAM_COMMIT"] ?? "unknown")\"")
      ]),
    .target(name: "Numerics", dependencies: ["COpenBLAS", "CKernels", "CCrypto"]),
    // Words and small values that several rooms share.
    .target(name: "Vocabulary"),
    .target(name: "Dynamics", dependencies: ["Numerics", "Vocabulary"]),
    .target(name: "Corruptions", dependencies: ["Dynamics", "Numerics", "Vocabulary"]),
    .target(name: "VAE", dependencies: ["Dynamics", "Numerics", "Vocabulary"]),
    // Steps on blocks of rows, and their derivatives.
    .target(name: "Programs", dependencies: ["VAE", "Dynamics", "Numerics"]),
    // Networks in ONNX files.
    .target(name: "ONNX", dependencies: ["Programs", "VAE", "Dynamics", "Numerics"]),
    // Intervals and tail probabilities.
    .target(name: "Statistics", dependencies: ["Dynamics", "Numerics", "CGSL"]),
    .target(name: "Observables", dependencies: ["Statistics", "Dynamics", "Numerics", "CGSL"]),
    // Averages and points of orbits, and what they show of the set on which orbits move.
    .target(name: "Recurrence", dependencies: ["Numerics"]),
    .target(
      name: "Attractors",
      dependencies: ["Recurrence", "Statistics", "Dynamics", "Numerics", "CGSL"]),
    .target(name: "Datasets", dependencies: ["Numerics", "CZlib"]),
    .target(name: "Output", dependencies: ["CNetCDF", "CHDF5", "Vocabulary"]),
    // Arrays in files of others, and data sets of them.
    .target(name: "Arrays", dependencies: ["CZip", "Datasets", "Numerics", "Output", "Vocabulary"]),
    // libpng's long jumps, which must not cross Swift's frames.
    .target(name: "CPictures", dependencies: ["CPNG"]),
    // Pictures in files of others, and data sets of them.
    .target(name: "Pictures", dependencies: ["CPictures", "Datasets", "Numerics", "Output"]),
    // The arithmetic of claims.
    .target(name: "Expressions"),
    // YAML to checked values; knows no library but Yams.
    .target(
      name: "Scenarios", dependencies: ["Expressions", "Vocabulary", .product(name: "Yams", package: "Yams")]),
    // Layout and writing of run files.
    .target(
      name: "RunFiles",
      dependencies: [
        "Output", "Datasets", "Attractors", "Observables", "Statistics", "Dynamics", "Numerics", "Vocabulary",
      ]),
    // Run files together: averages over models, stacks of several files, tables for export.
    .target(
      name: "Summaries",
      dependencies: ["RunFiles", "Output", "Statistics", "Numerics", "Vocabulary"]),
    // What scenarios can name: models and data sets, each a file, and the registry.
    .target(
      name: "Kinds",
      dependencies: [
        "Arrays", "Pictures", "Scenarios", "RunFiles", "ONNX", "Programs", "VAE", "Datasets", "Observables",
        "Corruptions",
        "Dynamics",
        "Numerics", "Output",
        "Vocabulary", .product(name: "Logging", package: "swift-log"),
      ]),
    // A scenario with its data, checked and prepared before it runs.
    .target(
      name: "Preparation",
      dependencies: [
        "Arrays", "Expressions", "Kinds", "Scenarios", "Datasets", "Attractors", "Observables", "Corruptions",
        "Dynamics", "Numerics", "Output", "Vocabulary",
      ]),
    // One run: ensemble, attractors, checkpoints, shards, estimates.
    .target(
      name: "Experiments",
      dependencies: [
        "Preparation", "Kinds", "Scenarios", "RunFiles", "Datasets", "Attractors", "Observables",
        "Statistics",
        "Corruptions",
        "Dynamics", "Numerics", "Output", "Vocabulary", .product(name: "Logging", package: "swift-log"),
      ]),
    // Several runs in one file, and what claims say of them.
    .target(
      name: "Campaigns",
      dependencies: [
        "Expressions", "Experiments", "Preparation", "Kinds", "Scenarios", "RunFiles", "Summaries",
        "Datasets",
        "Observables", "Statistics", "Numerics", "Output",
        "Vocabulary", .product(name: "Logging", package: "swift-log"),
      ]),
    // Draws with the program gnuplot (apt: gnuplot-nox), which it starts.
    .target(name: "Drawing", dependencies: ["Vocabulary"]),
    // Reads run files only.
    .target(name: "Figures", dependencies: ["Drawing", "RunFiles", "Output", "Dynamics", "Vocabulary"]),
    // The pages of docs/reference, made from the tables that the program uses.
    .target(
      name: "ReferencePages",
      dependencies: [
        "Campaigns", "Kinds", "Scenarios", "RunFiles", "Observables", "Corruptions", "Dynamics",
        "Expressions",
        "Vocabulary",
      ]),
    // The commands, as a library, so that other packages make the program with kinds of their own.
    .target(
      name: "SimulateProgram",
      dependencies: [
        "ReferencePages",
        "Expressions", "Arrays", "Campaigns", "Experiments", "Preparation", "Kinds", "Scenarios", "RunFiles",
        "Summaries", "Figures", "Drawing", "ONNX", "VAE", "Corruptions", "Datasets",
        "Attractors", "Observables", "Statistics", "Dynamics", "Numerics", "Output", "Vocabulary", "CProgram",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(name: "simulate", dependencies: ["SimulateProgram"]),

    // What several test targets use.
    .target(
      name: "TestSupport", dependencies: ["VAE", "Dynamics", "Numerics", "Output"], path: "Tests/TestSupport"),
    // Tests run in release builds (`make test`): the kernels are unusable without optimization.
    .testTarget(
      name: "DatasetsTests", dependencies: ["TestSupport", "Datasets", "Numerics", "CZlib"],
      exclude: ["make_goldens.py"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "TestSupport", "simulate", "SimulateProgram", "Output", "RunFiles", "Attractors", "Observables",
        "Statistics",
        "Figures", "VAE",
        "Drawing", "Scenarios",
        "Experiments", "Preparation", "Kinds", "Numerics", "Pictures",
      ]),
    .testTarget(name: "DynamicsTests", dependencies: ["Kinds", "Corruptions", "Dynamics", "Numerics"]),
    // Observables, so that GSL is linked: the test asks whose cblas_sgemm is found.
    .testTarget(
      name: "NumericsTests", dependencies: ["TestSupport", "Numerics", "Observables", "CGSL"],
      exclude: ["functions.txt", "kernel-bits.txt", "make_functions.py"]),
    .testTarget(
      name: "ObservablesTests",
      dependencies: [
        "TestSupport", "Arrays", "Attractors", "Observables", "Statistics", "VAE", "Corruptions", "Dynamics",
        "Numerics",
        "Datasets",
        "Output",
        "Vocabulary",
      ], exclude: ["make_clusters.py", "make_jacobians.py"]),
    .testTarget(
      name: "VAETests",
      dependencies: [
        "TestSupport", "VAE", "Attractors", "Observables", "Corruptions", "Dynamics", "Numerics", "Output",
        "Vocabulary",
      ]),
    .testTarget(
      name: "ONNXTests", dependencies: ["TestSupport", "ONNX", "Programs", "VAE", "Dynamics", "Numerics"],
      exclude: ["make_attractors.py", "make_onnx.py", "make_models.py", "make_forms.py"]),
    .testTarget(name: "FiguresTests", dependencies: ["TestSupport", "Figures", "Drawing", "Output"]),
    .testTarget(
      name: "RunFilesTests",
      dependencies: ["TestSupport", "RunFiles", "Summaries", "Output", "Dynamics", "Vocabulary"]),
    .testTarget(
      name: "ArraysTests", dependencies: ["Arrays", "Datasets", "Vocabulary"], exclude: ["make_arrays.py"]),
    .testTarget(
      name: "PicturesTests", dependencies: ["TestSupport", "Pictures", "Datasets", "Numerics"],
      exclude: ["make_pictures.py"]),
    .testTarget(name: "OutputTests", dependencies: ["TestSupport", "Output"]),
    .testTarget(
      name: "KindsTests",
      dependencies: [
        "TestSupport", "VAE", "Kinds", "Experiments", "Preparation", "Scenarios", "Corruptions",
        "Observables", "Datasets", "Dynamics", "Output", "Vocabulary",
      ]),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "TestSupport", "Experiments", "Preparation", "Kinds", "Scenarios", "Numerics", "Output",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(name: "CampaignsTests", dependencies: ["TestSupport", "Campaigns", "Kinds", "Scenarios"]),
    .testTarget(name: "VocabularyTests", dependencies: ["Vocabulary"]),
    .testTarget(name: "RoomsTests"),
    .testTarget(name: "ScenariosTests", dependencies: ["Expressions", "Scenarios", "Kinds", "Campaigns"]),
  ]
)
