// swift-tools-version: 6.0
import PackageDescription

// A package of its own, so that 'make build' and 'make test' do not build it. 'make fuzz' adds the sanitizers.
// libFuzzer brings the main function.
let asLibrary: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "repeated-inference", path: "..")],
  targets: [
    .target(name: "CFuzzer", linkerSettings: [.linkedLibrary("z")]),
    .executableTarget(
      name: "FuzzScenario",
      dependencies: [
        .product(name: "Kinds", package: "repeated-inference"),
        .product(name: "Scenarios", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzSafetensors",
      dependencies: [
        .product(name: "VAE", package: "repeated-inference"),
        .product(name: "Dynamics", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzONNX",
      dependencies: [
        .product(name: "ONNX", package: "repeated-inference"),
        .product(name: "VAE", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzIDX",
      dependencies: ["CFuzzer", .product(name: "Datasets", package: "repeated-inference")],
      swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzArray",
      dependencies: [
        "CFuzzer", .product(name: "Arrays", package: "repeated-inference"),
        .product(name: "Datasets", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzArchive",
      dependencies: [
        "CFuzzer", .product(name: "Arrays", package: "repeated-inference"),
        .product(name: "Datasets", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
    .executableTarget(
      name: "FuzzPNG",
      dependencies: [
        .product(name: "Pictures", package: "repeated-inference"),
        .product(name: "Datasets", package: "repeated-inference"),
      ], swiftSettings: asLibrary),
  ]
)
