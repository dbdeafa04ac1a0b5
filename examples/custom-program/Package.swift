// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "custom-program",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "repeated-inference", path: "../..")],
  targets: [
    .executableTarget(
      name: "custom-program",
      dependencies: [.product(name: "SimulateProgram", package: "repeated-inference")])
  ]
)
