internal import CZip
import Datasets
import Foundation

/// An archive of arrays as `numpy.savez` and `numpy.savez_compressed` write it (`.npz`): a zip file whose members are
/// files in numpy's format.
///
/// Members are stored or deflated; nothing else is read. A member's declared size is checked against its compressed size
/// and against its header before memory is allocated.
final class NumpyArchive {
  /// The file.
  let path: String
  private let archive: OpaquePointer
  /// Names of arrays without `.npy`, with the index of the member, in the order of the archive.
  let members: [(name: String, index: UInt64)]

  private static let needed = UInt64(ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
  /// The most members of an archive.
  static let memberLimit = 65_536

  /// Opens an archive and lists its arrays.
  ///
  /// - Throws: `DatasetError`, invalid where two members have one name, or one leaves the archive.
  init(path: String) throws(DatasetError) {
    // The same checks as of every file: it is there, and it is a regular one.
    _ = try ByteReader(path: path)
    self.path = path
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var code: Int32 = 0
    guard descriptor >= 0, let archive = czip_open(descriptor, &code) else {
      if descriptor >= 0 { close(descriptor) }
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      let reason = String(cString: zip_error_strerror(&error))
      zip_error_fini(&error)
      if code == ZIP_ER_EXISTS {
        throw DatasetError.invalid(
          path, "two members have one name", "different names", "write the archive again with numpy.savez")
      }
      throw DatasetError.invalid(
        path, "the zip archive cannot be read (\(reason))", "an archive that numpy.savez wrote",
        "write or fetch it again")
    }
    self.archive = archive
    do {
      members = try Self.members(of: archive, path)
    } catch {
      zip_discard(archive)
      throw error
    }
  }

  deinit { zip_discard(archive) }

  private static func members(
    of archive: OpaquePointer, _ path: String
  ) throws(DatasetError) -> [(name: String, index: UInt64)] {
    let count = zip_get_num_entries(archive, 0)
    guard (0...Int64(memberLimit)).contains(count) else {
      throw DatasetError.invalid(
        path, "the archive has \(count) members", "at most \(memberLimit)", "save fewer arrays in one file")
    }
    var seen: Set<String> = []
    var result: [(name: String, index: UInt64)] = []
    for index in 0..<UInt64(count) {
      guard let text = zip_get_name(archive, index, 0) else {
        throw DatasetError.invalid(
          path, "member \(index) has no name", "named members", "write the archive again")
      }
      let name = String(cString: text)
      let shown = NumpyHeader.excerpt(name)
      guard !name.hasPrefix("/"), !name.contains("\\"), !name.split(separator: "/").contains("..") else {
        throw DatasetError.invalid(
          path, "the member '\(shown)' is a path that leaves the archive", "names of arrays",
          "write the archive again with numpy.savez")
      }
      guard seen.insert(name).inserted else {
        throw DatasetError.invalid(
          path, "two members have the name '\(shown)'", "different names",
          "write the archive again with numpy.savez")
      }
      if name.hasSuffix(".npy") { result.append((String(name.dropLast(4)), index)) }
    }
    return result
  }

  /// The array of that name.
  ///
  /// - Parameter name: Nil: the only one.
  /// - Throws: `DatasetError`, invalid where there is no such array, with the names of those that there are.
  func array(named name: String?) throws(DatasetError) -> NumpyArray {
    guard let name else {
      guard members.count == 1 else {
        throw DatasetError.invalid(
          path, "the archive has \(members.count) arrays", "FILE:VARIABLE",
          members.isEmpty ? "write it again with numpy.savez" : "choose one of \(names)")
      }
      return try array(members[0])
    }
    guard let member = members.first(where: { $0.name == name || $0.name + ".npy" == name }) else {
      throw DatasetError.invalid(
        path, "there is no array '\(NumpyHeader.excerpt(name))'",
        members.isEmpty ? "an archive with arrays" : "one of \(names)",
        "'simulate inspect \(path)' lists them")
    }
    return try array(member)
  }

  private var names: String {
    members.prefix(20).map { NumpyHeader.excerpt($0.name) }.joined(separator: ", ")
      + (members.count > 20 ? ", ..." : "")
  }

  /// Opens a member's array.
  private func array(_ member: (name: String, index: UInt64)) throws(DatasetError) -> NumpyArray {
    let place = "\(path):\(member.name)"
    var description = zip_stat_t()
    guard zip_stat_index(archive, member.index, 0, &description) == 0,
      description.valid & Self.needed == Self.needed
    else {
      throw DatasetError.invalid(place, "the member cannot be read", "an undamaged archive", "write it again")
    }
    guard description.encryption_method == 0 else {
      throw DatasetError.invalid(
        place, "the member is encrypted", "an archive without a password", "write it again")
    }
    guard [UInt16(ZIP_CM_STORE), UInt16(ZIP_CM_DEFLATE)].contains(description.comp_method) else {
      throw DatasetError.invalid(
        place, "the member is compressed by method \(description.comp_method)",
        "members stored or deflated, as numpy.savez and numpy.savez_compressed write them",
        "write the archive again with one of them")
    }
    guard let size = Int(exactly: description.size), let packed = Int(exactly: description.comp_size),
      size / ByteReader.largestInflation <= packed
    else {
      throw DatasetError.invalid(
        place, "the member declares \(description.size) bytes in \(description.comp_size)",
        "at most \(ByteReader.largestInflation) bytes from each byte", "write the archive again")
    }
    return try NumpyArray(place: place, size: size, sizeLimit: size) { () throws(DatasetError) in
      try ZipMemberStream(self, index: member.index, place: place)
    }
  }

  fileprivate func openMember(_ index: UInt64) -> OpaquePointer? { zip_fopen_index(archive, index, 0) }
}

/// The bytes of an archive's member, inflated.
private final class ZipMemberStream: ByteStream {
  private let archive: NumpyArchive
  private let member: OpaquePointer
  private let place: String

  init(_ archive: NumpyArchive, index: UInt64, place: String) throws(DatasetError) {
    guard let member = archive.openMember(index) else {
      throw DatasetError(
        kind: .invalid, path: place, problem: "the member cannot be opened",
        expected: "an undamaged archive", remedy: "write or fetch it again")
    }
    self.archive = archive
    self.member = member
    self.place = place
  }

  deinit { zip_fclose(member) }

  func read(into target: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) -> Int {
    var filled = 0
    while filled < target.count {
      let count = zip_fread(member, target.baseAddress! + filled, UInt64(target.count - filled))
      if count == 0 { break }
      guard count > 0 else {
        let reason = zip_file_strerror(member).map { String(cString: $0) } ?? "damaged"
        throw DatasetError(
          kind: .invalid, path: place, problem: "the member cannot be read (\(reason))",
          expected: "an undamaged archive", remedy: "write or fetch it again")
      }
      filled += Int(count)
    }
    return filled
  }
}
