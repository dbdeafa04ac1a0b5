import Foundation
import Vocabulary

/// Draws sheets with gnuplot (http://www.gnuplot.info), which is run as a separate program.
public enum Gnuplot {
  /// Draws a sheet.
  ///
  /// - Returns: The bytes of the file. An SVG file needs no other files, because pictures are embedded.
  /// - Throws: `FigureError` of kind `missingProgram` or `programFailed`.
  public static func draw(_ sheet: Sheet, format: FigureFormat) throws -> [UInt8] {
    let script = GnuplotScript(sheet, format: format)
    let program = try find()
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("repeated-inference-figure-\(UUID().uuidString)")
    func failed(_ message: String) -> FigureError {
      FigureError(
        .programFailed, path: program, message: message,
        remedy:
          "check the permissions and the space in \(folder.deletingLastPathComponent().path) (TMPDIR sets"
          + " another folder), and gnuplot's installation")
    }
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw failed("its temporary folder cannot be created")
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try Data(script.text.utf8).write(to: folder.appendingPathComponent("figure.gp"))
      for file in script.files { try Data(file.bytes).write(to: folder.appendingPathComponent(file.name)) }
    } catch {
      throw failed("its input cannot be written")
    }
    try run(program, in: folder, failed)
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(GnuplotScript.output(format))),
      !data.isEmpty
    else { throw failed("it wrote no figure") }
    return format == .svg ? Array(finished(String(decoding: data, as: UTF8.self), sheet).utf8) : Array(data)
  }

  /// The path of gnuplot. Throws if it is not installed.
  private static func find() throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    for folder in path.split(separator: ":") {
      let candidate = "\(folder)/gnuplot"
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    throw FigureError(
      .missingProgram, path: "gnuplot", message: "it draws the figures and is not installed",
      remedy: "apt-get install gnuplot-nox")
  }

  private static func run(_ program: String, in folder: URL, _ failed: (String) -> FigureError) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    // -d keeps gnuplot from reading the user's own settings, which could change what a figure shows.
    process.arguments = ["-d", "figure.gp"]
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let messages = folder.appendingPathComponent("messages")
    guard FileManager.default.createFile(atPath: messages.path, contents: nil),
      let stream = try? FileHandle(forWritingTo: messages)
    else { throw failed("it cannot be started") }
    process.standardError = stream
    do { try process.run() } catch { throw failed("it cannot be started") }
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let text = (try? String(contentsOf: messages, encoding: .utf8)) ?? ""
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      let last = lines.last { !$0.isEmpty } ?? "no message"
      throw failed("it failed: \(last.prefix(200))")
    }
  }

  /// Names the figure for screen readers, gives it its size in points, and removes gnuplot's own tooltips.
  private static func finished(_ svg: String, _ sheet: Sheet) -> String {
    var lines: [Substring] = []
    var isSized = false
    for line in svg.split(separator: "\n", omittingEmptySubsequences: false) {
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      if trimmed == "<title>Gnuplot</title>" {
        lines.append("<title>\(escaped(sheet.title))</title>")
      } else if trimmed.hasPrefix("<desc>Produced by GNUPLOT"), !sheet.caption.isEmpty {
        lines.append("<desc>\(escaped(sheet.caption))</desc>")
      } else if !isSized, trimmed.hasPrefix("width=\""), line.hasSuffix("\" ") || line.hasSuffix("\"") {
        isSized = true
        lines.append(" width=\"\(sheet.width)pt\" height=\"\(sheet.height)pt\" role=\"img\"")
      } else if let start = line.range(of: "<title>gnuplot_plot_"),
        let end = line.range(of: "</title>", range: start.upperBound..<line.endIndex)
      {
        lines.append(line[..<start.lowerBound] + line[end.upperBound...])
      } else {
        lines.append(line)
      }
    }
    // This is gnuplot's own notation for a bold face, which no viewer knows.
    return lines.joined(separator: "\n").replacing(
      "font-family=\"sans-serif:Bold\"", with: "font-family=\"sans-serif\" font-weight=\"bold\"")
  }

  /// The text with the characters replaced that must not occur in XML or HTML.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}":
        result += "\u{FFFD}"
      case _ where scalar.isTerminalControl && scalar.value > 0x7F: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
