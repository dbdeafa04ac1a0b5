import CZlib
import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct IDXReaderTests {
  let folder: TemporaryFolder
  /// Two items of 2 x 3, elements 0, 20, ..., 220.
  let pixels = (0..<12).map { UInt8(20 * $0) }
  var file: [UInt8] { idxHeader([2, 2, 3]) + pixels }

  init() throws { folder = try TemporaryFolder() }

  /// The error of reading a file, whose message is checked to be one line that begins with the path.
  func error(_ path: String, limit: Int = IDXReader.defaultByteLimit) throws -> DatasetError {
    let error = try #require(throws: DatasetError.self) {
      try IDXReader.read(path: path, byteLimit: limit)
    }
    #expect(error.description.hasPrefix(path + ": "))
    #expect(!error.description.contains("\n"))
    #expect(!error.problem.isEmpty && !error.expected.isEmpty && !error.remedy.isEmpty)
    return error
  }

  func error(plain bytes: [UInt8]) throws -> DatasetError {
    try error(folder.put(bytes, at: "file"))
  }

  /// Bytes that zlib hardly compresses (a linear congruential generator's high bits).
  func noise(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
  }

  @Test func readsAPlainFile() throws {
    let array = try IDXReader.read(path: folder.put(file, at: "images"))
    #expect(array.shape == [2, 2, 3])
    #expect(array.elements == pixels)
    #expect(array.elementType == .unsignedByte)
    #expect(array.count == 12)
    #expect(array.integer(at: 11) == 220)
  }

  @Test func tellsGzipByItsContentsNotItsName() throws {
    let zipped = try IDXReader.read(path: folder.writeGzip([file], to: "images"))
    let plain = try IDXReader.read(path: folder.put(file, at: "images.gz"))
    #expect(zipped == plain)
    #expect(zipped.elements == pixels)
  }

  @Test func readsConcatenatedMembersCutAnywhere() throws {
    for cut in [0, 1, 4, 7, 16, 20, file.count] {
      let first = try folder.bytes(of: folder.writeGzip([Array(file[..<cut])], to: "first"))
      let second = try folder.bytes(of: folder.writeGzip([Array(file[cut...])], to: "second"))
      let array = try IDXReader.read(path: folder.put(first + second, at: "both"))
      #expect(array.shape == [2, 2, 3], "cut at \(cut)")
      #expect(array.elements == pixels, "cut at \(cut)")
    }
  }

  @Test func readsMoreThanOneBufferOfEachKind() throws {
    // 1.5 MB: several refills of input, several steps of growth.
    let elements = noise(1_500_000)
    let bytes = idxHeader([1500, 1000]) + elements
    let plain = try IDXReader.read(path: folder.put(bytes, at: "plain"))
    let zipped = try IDXReader.read(path: folder.writeGzip([bytes], to: "zipped"))
    #expect(plain.elements == elements)
    #expect(zipped == plain)
  }

  @Test func readsWholeNumbersOfEachWidth() throws {
    let files: [([UInt8], [Int])] = [
      (idxHeader([2], type: 0x08) + [0, 255], [0, 255]),
      (idxHeader([2], type: 0x09) + [0x80, 0x7f], [-128, 127]),
      (idxHeader([2], type: 0x0B) + [0x80, 0x00, 0x01, 0x02], [-32768, 258]),
      (idxHeader([2], type: 0x0C) + [0xff, 0xff, 0xff, 0xfe, 0x01, 0x02, 0x03, 0x04], [-2, 16_909_060]),
    ]
    for (bytes, numbers) in files {
      let array = try IDXReader.read(
        path: folder.put(bytes, at: "labels"), types: Set(IDXElementType.allCases))
      #expect(array.shape == [2])
      #expect((0..<array.count).map { array.integer(at: $0) } == numbers)
    }
  }

  @Test func readsAnEmptyArray() throws {
    let array = try IDXReader.read(path: folder.put(idxHeader([0, 28, 28]), at: "empty"))
    #expect(array.shape == [0, 28, 28])
    #expect(array.elements.isEmpty)
  }

  @Test func aMissingFileIsMissing() throws {
    let error = try error(folder.path + "/absent")
    #expect(error.kind == .missing)
    #expect(error.description.contains("No such file"))
  }

  @Test func aFolderOrAPipeIsInvalid() throws {
    #expect(try error(folder.path).kind == .invalid)
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    // Nobody writes: a reader that opens it naively would wait for ever.
    #expect(try error(pipe).description.contains("not a regular file"))
  }

  #if os(Linux)
    @Test func aFailingReadIsUnreadable() throws {
      // Address 0 is mapped in no process, and Linux says EIO.
      #expect(try error("/proc/self/mem").kind == .unreadable)
    }
  #endif

  @Test func rejectsAWrongMagic() throws {
    #expect(try error(plain: []).description.contains("begins with nothing"))
    #expect(try error(plain: [0, 0, 8]).description.contains("begins with 00 00 08"))
    #expect(try error(plain: Array("PNG, not IDX".utf8)).description.contains("begins with 50 4e 47 2c"))
    #expect(try error(plain: [0, 0, 8, 0]).description.contains("not an IDX file"))
  }

  @Test func rejectsOtherElementTypes() throws {
    for (type, name) in [(UInt8(0x0D), "0d"), (0x0E, "0e"), (0x09, "09"), (0x00, "00")] {
      let error = try error(plain: idxHeader([1], type: type) + [UInt8](repeating: 0, count: 8))
      #expect(error.kind == .invalid)
      #expect(error.description.contains("type \(name); expected 08 (unsignedByte)"))
    }
  }

  @Test func rejectsTruncatedAndOverlongPlainFiles() throws {
    #expect(try error(plain: [0, 0, 8, 3, 0, 0]).description.contains("after 2 bytes of the sizes"))
    let short = try error(plain: Array(file.dropLast()))
    #expect(short.kind == .invalid)
    #expect(short.description.contains("the file has 27 bytes"))
    #expect(short.description.contains("2 x 2 x 3"))
    #expect(short.description.contains("expected 16 + 12 bytes"))
    #expect(try error(plain: file + [0]).description.contains("the file has 29 bytes"))
  }

  @Test func rejectsLyingSizesBeforeTakingMemory() throws {
    let huge = idxHeader([1 << 31, 1 << 31])
    #expect(try error(plain: huge).description.contains("2147483648 x 2147483648"))
    #expect(try error(folder.writeGzip([huge], to: "huge")).kind == .invalid)
    // A product of 2^64 and one of 2^96: arithmetic that wraps would make them 0.
    #expect(try error(plain: idxHeader([1 << 31, 1 << 31, 4])).description.contains("at most 8589934592"))
    let many = [Int](repeating: 1 << 31, count: 200)
    #expect(try error(plain: idxHeader(many)).description.contains("2147483648 x ... x 2147483648"))
    // Within the limit, but more than the file has (plain) or could have (gzip).
    let large = idxHeader([1 << 20, 1 << 12]) + [1, 2, 3]
    #expect(try error(plain: large).description.contains("the file has 15 bytes"))
    #expect(try error(folder.writeGzip([large], to: "large")).description.contains("of gzip data can hold"))
  }

  @Test func theByteLimitIsSharp() throws {
    let path = try folder.put(file, at: "images")
    #expect(try IDXReader.read(path: path, byteLimit: 12).count == 12)
    #expect(try error(path, limit: 11).description.contains("at most 11 bytes"))
  }

  @Test func aGzipBombIsNotInflated() throws {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    let parts = [idxHeader([10, 28, 28])] + [[UInt8]](repeating: zeros, count: 64)
    let path = try folder.writeGzip(parts, to: "bomb")
    #expect(try folder.bytes(of: path).count < 100_000)
    let reader = try ByteReader(path: path)
    #expect(reader.isCompressed)
    let error = try #require(throws: DatasetError.self) {
      try IDXReader.read(from: reader, types: [.unsignedByte], byteLimit: IDXReader.defaultByteLimit)
    }
    #expect(error.kind == .invalid)
    #expect(error.description.contains("go on after the 7840 bytes"))
    // The header, the declared elements and one byte more, of 64 MiB.
    #expect(reader.bytesDelivered == 16 + 7840 + 1)
  }

  @Test func rejectsTruncatedGzipAtEveryByte() throws {
    let whole = try folder.bytes(of: folder.writeGzip([file], to: "whole"))
    for length in 2..<whole.count {
      let error = try error(folder.put(Array(whole[..<length]), at: "cut"))
      #expect(error.kind == .invalid, "cut at \(length)")
      #expect(error.description.contains("end too early"), "cut at \(length)")
    }
  }

  @Test func rejectsDamagedGzip() throws {
    let whole = try folder.bytes(of: folder.writeGzip([file], to: "whole"))
    var badSum = whole
    badSum[whole.count - 8] ^= 1
    #expect(try error(folder.put(badSum, at: "sum")).description.contains("incorrect data check"))
    var badLength = whole
    badLength[whole.count - 1] ^= 1
    #expect(try error(folder.put(badLength, at: "length")).description.contains("incorrect length check"))
    var badMethod = whole
    badMethod[2] = 7
    #expect(try error(folder.put(badMethod, at: "method")).description.contains("damaged"))
    #expect(try error(folder.put(whole + [1, 2], at: "tail")).description.contains("not gzip data"))
    // A second member that holds one byte too many.
    let extra = try folder.bytes(of: folder.writeGzip([[7]], to: "extra"))
    #expect(try error(folder.put(whole + extra, at: "two")).description.contains("go on after the 12"))
  }

  @Test func anyFlippedBitIsAnErrorOrTheSameData() throws {
    let whole = try folder.bytes(of: folder.writeGzip([file], to: "whole"))
    for bit in 0..<8 * whole.count {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let path = try folder.put(damaged, at: "damaged")
      do {
        // Some bits of the gzip header (time, system, flags) say nothing about the data.
        let array = try IDXReader.read(path: path)
        #expect(array.shape == [2, 2, 3] && array.elements == pixels, "bit \(bit)")
      } catch {
        #expect(error.kind == .invalid, "bit \(bit)")
      }
    }
  }

  @Test func rejectsGzipThatHoldsLessThanDeclared() throws {
    // The file is large enough for the declared size to be possible, so that it is found out on the way.
    let path = try folder.writeGzip([idxHeader([1 << 13, 1 << 10]), noise(100_000)], to: "less")
    let error = try error(path)
    #expect(error.description.contains("end after 100000 bytes of the elements; expected 8388608 bytes"))
  }
}
