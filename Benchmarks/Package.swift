// swift-tools-version: 6.0
import PackageDescription

// A package of its own, so that 'make build' and 'make test' do not build it.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "repeated-inference", path: "..")],
  targets: [
    .target(name: "CPeak"),
    .executableTarget(
      name: "engine",
      dependencies: [
        "CPeak",
        .product(name: "Numerics", package: "repeated-inference"),
        .product(name: "Dynamics", package: "repeated-inference"),
        .product(name: "VAE", package: "repeated-inference"),
        .product(name: "Observables", package: "repeated-inference"),
        .product(name: "Attractors", package: "repeated-inference"),
        .product(name: "Datasets", package: "repeated-inference"),
      ]),
  ]
)
