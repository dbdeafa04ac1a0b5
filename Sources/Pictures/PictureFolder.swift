import Datasets
import Foundation
import Numerics
import Output

/// A data set of PNG files in folders: `F/train/CLASS/*.png` and `F/test/CLASS/*.png`, or `F/CLASS/*.png`.
///
/// Classes are the folders of the training pictures in the order of their names, and so are pictures within a class.
public struct PictureFolder: Sendable {
  /// F.
  public var directory: String
  /// The share of each class's pictures that is held out; nil: those of `F/test`, or none.
  public var testFraction: Double?
  /// Height and width of all pictures; nil: as they are.
  public var resize: (height: Int, width: Int)?
  /// The labels (places of the classes in order, from 0) of each superclass, together each label exactly once; or nothing.
  public var superclasses: [(name: String, labels: [Int])] = []

  /// Pictures as they are.
  public init(directory: String) { self.directory = directory }

  /// Reads the pictures.
  ///
  /// Components are in the order channel, row, column, and grey levels divided by 255.
  ///
  /// - Parameter seed: Decides which pictures are held out, where a share of them is.
  /// - Throws: `DatasetError`: missing where a folder is not there; invalid where a picture cannot be read, or differs
  ///   from the first one in size or colour.
  /// - Complexity: O(pixels).
  public func load(seed: UInt64) throws(DatasetError) -> Dataset {
    let hasTrain = Self.isFolder(directory + "/train")
    let hasTest = hasTrain && Self.isFolder(directory + "/test")
    if hasTest, testFraction != nil {
      throw DatasetError(
        kind: .invalid, path: "dataset.test", problem: "a fraction beside the folder \(directory)/test",
        expected: "one of them", remedy: "leave dataset.test out, or rename the folder")
    }
    let tree = try PictureTree(hasTrain ? directory + "/train" : directory)
    var reading = PictureReading(resize: resize, total: tree.count)
    let all = try reading.read(tree, classes: tree.classNames)
    var (train, test) = (all, all.selecting([]))
    if let testFraction {
      let chosen = try HeldOutItems.chooseTest(
        classes: all.classes, classCount: tree.classNames.count, fraction: testFraction, seed: seed)
      (train, test) = (all.selecting(chosen.train), all.selecting(chosen.test))
    } else if hasTest {
      test = try reading.read(PictureTree(directory + "/test"), classes: tree.classNames)
    }
    return Dataset(
      name: "folder", imageShape: reading.shape, train: train, test: test,
      hierarchy: ConceptHierarchy(
        classNames: tree.classNames, classLabels: Array(tree.classNames.indices),
        superclassNames: superclasses.map(\.name),
        superclassOfClass: try Dataset.superclassOfClass(
          superclasses, labels: Array(tree.classNames.indices))))
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

/// The PNG files below a folder, class by class.
private struct PictureTree {
  let folder: String
  /// The names of the folders that hold pictures, by code points.
  let classNames: [String]
  /// The names of the pictures of each class.
  let files: [[String]]

  var count: Int { files.reduce(0) { $0 + $1.count } }

  init(_ folder: String) throws(DatasetError) {
    self.folder = folder
    guard PictureFolder.isFolder(folder) else {
      throw DatasetError(
        kind: .missing, path: folder, problem: "there is no such folder",
        expected: "a folder of folders of pictures",
        remedy: "check dataset.directory")
    }
    let names = try Self.names(in: folder).filter { PictureFolder.isFolder(folder + "/" + $0) }
    guard !names.isEmpty else {
      throw DatasetError.invalid(
        folder, "there are no folders in it", "one folder for each class, with PNG files in it",
        "put the pictures into folders, one per class")
    }
    var files: [[String]] = []
    for name in names {
      let inside = try Self.names(in: folder + "/" + name)
      if let other = inside.first(where: Self.isOtherPicture) {
        throw DatasetError.invalid(
          "\(folder)/\(name)/\(other)", "a picture that is no PNG file", "PNG files only",
          "convert it (mogrify -format png), or move it away")
      }
      let pictures = inside.filter { $0.lowercased().hasSuffix(".png") }
      guard !pictures.isEmpty else {
        throw DatasetError.invalid(
          "\(folder)/\(name)", "there are no PNG files in it", "the pictures of a class",
          "add pictures, or remove the folder")
      }
      files.append(pictures)
    }
    classNames = names
    self.files = files
  }

  private static func isOtherPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"].contains {
      name.hasSuffix($0)
    }
  }

  /// The names that are not hidden, by code points, as Python sorts them.
  private static func names(in folder: String) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    } catch {
      throw DatasetError(
        kind: .unreadable, path: folder, problem: "the folder cannot be read", expected: "a readable folder",
        remedy: "check its permissions")
    }
  }
}

/// Pictures that become items of one size.
private struct PictureReading {
  let resize: (height: Int, width: Int)?
  let total: Int
  /// The size of the first picture, or the one that is asked for; nil before a picture was read.
  private(set) var shape: ImageShape?
  private var firstPath = ""

  init(resize: (height: Int, width: Int)?, total: Int) {
    self.resize = resize
    self.total = total
  }

  /// The pictures of a tree.
  ///
  /// - Parameter classes: The names that there may be.
  mutating func read(_ tree: PictureTree, classes: [String]) throws(DatasetError) -> ItemSplit {
    var codes: [UInt8] = []
    var labels: [Int32] = []
    for (name, files) in zip(tree.classNames, tree.files) {
      guard let label = classes.firstIndex(of: name) else {
        throw DatasetError(
          kind: .invalid, path: "\(tree.folder)/\(name)", problem: "no training picture is of this class",
          expected: "the classes \(classes.prefix(20).joined(separator: ", "))",
          remedy: "rename or remove the folder")
      }
      for file in files {
        let path = "\(tree.folder)/\(name)/\(file)"
        var picture = try Picture(png: path)
        if let resize { picture = picture.resized(height: resize.height, width: resize.width) }
        try check(picture, path)
        if codes.isEmpty { codes.reserveCapacity(tree.count * picture.pixels.count) }
        codes += picture.components
        labels.append(Int32(label))
      }
    }
    return ItemSplit(
      dimension: shape?.count ?? 1, codes: codes, values: ItemSplit.greyLevels, classes: labels)
  }

  /// Checks a picture against the first one.
  private mutating func check(_ picture: Picture, _ path: String) throws(DatasetError) {
    let found = ImageShape(rows: picture.height, columns: picture.width, channels: picture.channels)
    guard let shape else {
      shape = found
      firstPath = path
      guard found.count <= 1 << 24, memoryIsAvailable(for: total, of: found.count) else {
        throw DatasetError(
          kind: .invalid, path: path,
          problem: "\(total) pictures of \(found.rows) x \(found.columns) pixels are too large",
          expected: "pictures of at most 2^24 components that together fit into memory, a byte each",
          remedy: "write dataset.resize: [64, 64]")
      }
      return
    }
    guard found == shape else {
      func text(_ shape: ImageShape) -> String {
        "\(shape.rows) x \(shape.columns), \(shape.channels == 1 ? "grey" : "colour")"
      }
      let isColour = found.channels != shape.channels
      throw DatasetError(
        kind: .invalid, path: path, problem: "the picture is \(text(found))",
        expected: "\(text(shape)), as \(firstPath)",
        remedy: isColour
          ? "convert all to grey or all to colour" : "write dataset.resize: [\(shape.rows), \(shape.columns)]"
      )
    }
  }
}

extension Picture {
  /// The pixels in the order channel, row, column.
  var components: [UInt8] {
    guard channels > 1 else { return pixels }
    var result = [UInt8](repeating: 0, count: pixels.count)
    let count = height * width
    for pixel in 0..<count {
      for channel in 0..<channels { result[channel * count + pixel] = pixels[pixel * channels + channel] }
    }
    return result
  }
}
