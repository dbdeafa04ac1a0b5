import ArgumentParser
import Foundation
import Output
import Summaries

/// What a run file is expected to hold (`--verify`).
enum Expectation {
  /// The hash of the file.
  case hash(String)
  /// The hash of each variable, and the list's path.
  case list(VariableHashes, path: String)
  /// Another run file.
  case file(NetCDFReader)

  static let help = ArgumentHelp(
    "Compares the run file with a hash, with a list of hash --variables, or with another run file; exit code 1 where they differ.",
    valueName: "hash|list|run.nc")

  /// The longest list that is read, in bytes.
  private static let longestList = 1 << 24

  /// Reads what is expected, so that it is found before a run whether it can be read.
  ///
  /// - Throws: `ForeignFileError`, `NetCDFError`, `ListError`, `ValidationError`.
  init(_ text: String) throws {
    if VariableHashes.isHash(text) {
      self = .hash(text.lowercased())
      return
    }
    guard let file = FileHandle(forReadingAtPath: text) else {
      throw ValidationError(
        "--verify \(text): expected 64 hexadecimal digits or a file that can be read; '\(Program.command) hash FILE' prints"
          + " a hash")
    }
    defer { try? file.close() }
    let start = try file.read(upToCount: Self.signature.count) ?? Data()
    guard !start.elementsEqual(Self.signature) else {
      try Isolation.probe(text)
      self = .file(try NetCDFReader(path: text))
      return
    }
    let rest = try file.read(upToCount: Self.longestList) ?? Data()
    guard let list = VariableHashes(list: String(decoding: start + rest, as: UTF8.self)) else {
      throw ListError(path: text)
    }
    self = .list(list, path: text)
  }

  /// What files of HDF5, and so run files, begin with.
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Compares a run file, and says what differs.
  ///
  /// - Throws: `ExitCode(1)` where something differs; `NetCDFError`.
  func check(_ reader: NetCDFReader, path: String, quiet: Bool) throws {
    let hashes = try VariableHashes(reader)
    let differences = try differences(hashes, reader)
    if !quiet, case .file(let other) = self,
      let difference = try VariableDifference.largestToTolerance(reader, other)
    {
      printResult("to tolerance: \(difference)")
    }
    guard !differences.isEmpty else {
      if !quiet { printResult("verified: \(hashes.ofFile)  \(path)") }
      return
    }
    for line in differences { printMessage("\(Program.command): \(path): \(line)") }
    throw ExitCode(Exit.different)
  }

  private func differences(_ hashes: VariableHashes, _ reader: NetCDFReader) throws -> [String] {
    switch self {
    case .hash(let expected):
      return hashes.ofFile == expected
        ? []
        : [
          "its hash is \(hashes.ofFile), not \(expected); compare it with a list ('\(Program.command) hash FILE"
            + " --variables') or a run file to see what differs"
        ]
    case .list(let expected, let list):
      return hashes.differences(from: expected).map { variable in
        switch (hashes.ofPath[variable], expected.ofPath[variable]) {
        case (_, nil): "\(variable) is not in \(list)"
        case (nil, _): "\(variable) is missing"
        default: "\(variable) differs from \(list)"
        }
      }
    case .file(let other):
      return try hashes.differences(from: VariableHashes(other)).compactMap {
        try VariableDifference($0, of: reader, from: other)?.description
      }
    }
  }
}

/// A file that is neither a run file nor a list of hashes.
struct ListError: Error, CustomStringConvertible {
  let path: String
  var description: String {
    "\(path): expected a run file, or lines of 64 hexadecimal digits and a variable's path; make one with"
      + " '\(Program.command) hash FILE --variables'"
  }
}
