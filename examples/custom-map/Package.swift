// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "custom-map",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "repeated-inference", path: "../..")],
  targets: [
    .executableTarget(
      name: "custom-map",
      dependencies: [
        .product(name: "Dynamics", package: "repeated-inference"),
        .product(name: "Numerics", package: "repeated-inference"),
      ])
  ]
)
