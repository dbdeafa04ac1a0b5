import Datasets
import Foundation
import Numerics
import Pictures
import TestSupport
import Testing

/// Pictures are what Pillow and numpy make of them (`make_pictures.py`).
@Suite struct PictureTests {
  static let folder = SourceTree.fixtures + "/pictures"

  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let file: String
    let shape: [Int]
    let hash: String
    let resized: [Resized]
    var testDescription: String { file }

    struct Resized: Decodable, Sendable {
      let height: Int
      let width: Int
      let hash: String

      init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        height = try list.decode(Int.self)
        width = try list.decode(Int.self)
        hash = try list.decode(String.self)
      }
    }
  }

  struct Goldens: Decodable {
    let pictures: [Golden]
    let train: String
    let test: String
  }

  static let goldens: Goldens? = FileManager.default.contents(atPath: folder + "/goldens.json").flatMap {
    try? JSONDecoder().decode(Goldens.self, from: $0)
  }

  static func hash(_ bytes: [UInt8]) -> String {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.hexadecimal()
  }

  @Test(arguments: goldens?.pictures ?? [])
  func pixelsAreThoseOfPillow(_ golden: Golden) throws {
    let picture = try Picture(png: Self.folder + "/" + golden.file)
    #expect([picture.height, picture.width, picture.channels] == golden.shape)
    #expect(Self.hash(picture.pixels) == golden.hash)
  }

  @Test(arguments: goldens?.pictures ?? [])
  func anotherSizeIsTheMeanOverAreas(_ golden: Golden) throws {
    let picture = try Picture(png: Self.folder + "/" + golden.file)
    #expect(golden.resized.count == 3)
    for size in golden.resized {
      let small = picture.resized(height: size.height, width: size.width)
      #expect(Self.hash(small.pixels) == size.hash, "\(size.height) x \(size.width)")
    }
  }

  @Test func aFolderIsADataSet() throws {
    let goldens = try #require(Self.goldens)
    let dataset = try PictureFolder(directory: Self.folder + "/folder").load(seed: 1)
    #expect(dataset.hierarchy.classNames == ["blue", "red"])
    #expect(dataset.train.classes == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    #expect(dataset.imageShape == ImageShape(rows: 5, columns: 4, channels: 3) && dataset.dimension == 60)
    #expect(dataset.train.componentHash() == goldens.train)
    #expect(dataset.test.componentHash() == goldens.test)
  }

  @Test func aShareOfTheClassesIsHeldOut() throws {
    var folder = PictureFolder(directory: Self.folder + "/folder/train")
    folder.testFraction = 0.34
    folder.resize = (3, 3)
    let dataset = try folder.load(seed: 4)
    #expect(dataset.train.count == 8 && dataset.test.count == 4 && dataset.dimension == 27)
    #expect(dataset.test.items(ofClass: 1).count == 2)
  }

  static let refusals: [(file: String, parts: [String])] = [
    ("alpha.png", ["it has transparency", "grey or colour without it"]),
    ("sixteen.png", ["16 bits per channel", "8 bits or fewer"]),
    ("truncated.png", ["it is damaged", "an undamaged PNG file"]),
    ("goldens.json", ["not a PNG file", "convert it to PNG"]),
    ("absent.png", ["cannot open the file"]),
  ]

  @Test(arguments: refusals.indices) func whatIsNoPlainPictureIsRefusedInOneLine(_ index: Int) {
    let (file, parts) = Self.refusals[index]
    let error = #expect(throws: DatasetError.self) { try Picture(png: Self.folder + "/" + file) }
    let message = error?.description ?? ""
    #expect(message.hasPrefix(Self.folder + "/" + file) && !message.contains("\n"))
    for part in parts { #expect(message.contains(part), "\(message)") }
  }

  @Test func foldersThatDoNotFitAreRefusedInOneLine() throws {
    func message(_ folder: PictureFolder) -> String {
      do {
        _ = try folder.load(seed: 1)
        return ""
      } catch { return error.description }
    }
    #expect(message(PictureFolder(directory: Self.folder + "/absent")).contains("there is no such folder"))
    var both = PictureFolder(directory: Self.folder + "/folder")
    both.testFraction = 0.5
    #expect(message(both).contains("a fraction beside the folder"))
    let temporary = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: temporary("a"), withIntermediateDirectories: false)
    #expect(message(PictureFolder(directory: temporary.path)).contains("there are no PNG files in it"))
    func copy(_ name: String, to target: String) throws {
      try FileManager.default.copyItem(atPath: Self.folder + "/" + name, toPath: temporary(target))
    }
    try copy("colour.png", to: "a/1.png")
    try copy("odd.png", to: "a/2.png")
    #expect(
      message(PictureFolder(directory: temporary.path)).contains(
        "a/2.png: the picture is 9 x 11, grey; expected 6 x 8, colour, as "))
    try FileManager.default.removeItem(atPath: temporary("a/2.png"))
    try copy("grey.png", to: "a/photo.JPG")
    #expect(
      message(PictureFolder(directory: temporary.path)).contains("photo.JPG: a picture that is no PNG file"))
  }
}
