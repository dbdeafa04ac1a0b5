import Arrays
import Datasets
import Testing

/// Wrong files: each gives one line with the file, the array, what was found, what was expected, and what to do.
@Suite struct ArrayRefusalTests {
  /// The array, and parts of the message: what was found, what was expected, the remedy.
  static let refusals: [(items: String, parts: [String])] = [
    ("absent.npy", ["cannot open the file", "a readable file", "check the path"]),
    (
      "objects.npy",
      [
        "Python objects ('|O'), which are pickled; pickles are never read", "expected numbers or texts",
        "astype",
      ]
    ),
    ("object.npz:a", ["object.npz:a", "pickles are never read"]),
    ("complex.npy", ["complex numbers ('<c16')", "expected numbers", "real and imaginary"]),
    ("dates.npy", ["dates or times ('<M8[ns]')", "expected numbers", "as numbers"]),
    ("records.npy", ["records of several fields", "an array of numbers", "save each field"]),
    (
      "lying.npy",
      ["declares float64 (1000000000, 784)", "64 bytes of elements", "6272000000000 bytes", "numpy.save"]
    ),
    (
      "overflow.npy", ["declares float64 (4611686018427387904, 4611686018427387904)", "less than 2^63 bytes"]
    ),
    ("expression.npy", ["'*' where ',' belongs", "'shape': (3, 4)", "numpy.save"]),
    ("extra-key.npy", ["the key 'x' where none belongs", "numpy.save"]),
    ("missing-key.npy", ["the header lacks a key", "numpy.save"]),
    ("long.npy", ["declares float64 (2, 3)", "56 bytes of elements", "48 bytes"]),
    ("truncated.npy", ["declares float64 (6, 12)", "568 bytes of elements", "576 bytes"]),
    (
      "hole.npy",
      ["item 1, component 2 is missing or not a number", "finite numbers from 0 to 1", "fill them in"]
    ),
    (
      "beyond.npy",
      ["item 1, component 1 is 1.5", "finite numbers from 0 to 1", "numbers are outside", "write range: ["]
    ),
    ("one-size.npy", ["the array is float64 (5,)", "such as (1000, 28, 28)", "at least two sizes"]),
    ("texts.npy", ["the items are text (2, 2)", "expected numbers", "choose an array of numbers"]),
    (
      "i4-little-C.npy",
      [
        "the items are int32 (5, 3, 4), whose numbers go from 0 to 16", "dataset.range",
        "write range: [0, 16]",
      ]
    ),
    ("three.npy:images", ["an .npy file has no variables", "FILE:COLUMN", "leave the variable out"]),
    (
      "stored.npz:pictures",
      ["there is no array 'pictures'", "one of images, labels, names, table, byte_names", "simulate inspect"]
    ),
    ("duplicate.npz:a", ["two members have one name", "different names"]),
    ("absolute.npz:a", ["'/etc/a.npy' is a path that leaves the archive", "names of arrays"]),
    ("climbing.npz:a", ["'../a.npy' is a path that leaves the archive", "names of arrays"]),
    ("bzip2.npz:a", ["compressed by method 12", "stored or deflated", "write the archive again"]),
    ("bomb.npz:a", ["declares uint8 (10, 1000000)", "1000 bytes of elements", "10000000 bytes"]),
    ("lying.npz:images", ["lying.npz"]),
    (
      "raw.bin", ["neither numpy's .npy or .npz nor NetCDF-4 or HDF5", "one of these formats", "numpy.savez"]
    ),
    ("foreign.h5:booleans", ["enumeration (h5py writes booleans so)", "astype('u1')"]),
    ("foreign.h5:complex", ["records (h5py writes complex numbers so)", "a variable of its own"]),
    ("foreign.h5:lzf", ["a filter that is not installed (number 32000, lzf)", "compression='gzip'"]),
    ("link.h5:own", ["link to another file, which is not followed", "copy what it points to"]),
    ("external.h5:outside", ["its values are in another file, which is not read", "h5repack"]),
    ("virtual.h5:virtual", ["virtual dataset", "write the values into the file"]),
    ("packed.nc:absent", ["no variable of this name", "packed"]),
  ]

  @Test(arguments: refusals.indices)
  func eachIsOneLineWithFileFindingExpectationAndRemedy(_ index: Int) {
    let (items, parts) = Self.refusals[index]
    let message = ArrayFixtures.message(ArrayFixtures.dataset(items))
    let file = items.split(separator: ":")[0]
    #expect(message.hasPrefix(ArrayFixtures.folder + "/" + file), "\(items): \(message)")
    #expect(!message.contains("\n") && message.contains("; expected "), "\(items): \(message)")
    for part in parts { #expect(message.contains(part), "\(items): \(message)") }
  }

  @Test func labelsThatDoNotFitAreRefused() {
    func message(_ labels: String, items: String = "stored.npz:images") -> String {
      ArrayFixtures.message(ArrayFixtures.dataset(items, labels: labels))
    }
    #expect(message("stored.npz:table").contains("name a column from 0 to 2: FILE:VARIABLE:COLUMN"))
    #expect(message("stored.npz:table:3").contains("column 3 of labels int64 (40, 3)"))
    #expect(message("stored.npz:labels:0").contains("leave the column out"))
    #expect(
      message("stored.npz:labels", items: "three.npy").contains(
        "there are 40 labels; expected 3, as there are items"))
    #expect(
      message("fractional-labels.npy", items: "three.npy").contains(
        "the label of item 0 is 0.5; expected whole numbers"))
    var arrays = ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:labels")
    arrays.classNames = ["one"]
    #expect(ArrayFixtures.message(arrays).contains("dataset.class-names: there are 1 names; expected 4"))
    // Other names beside texts would call the items of one class by another's name.
    arrays = ArrayFixtures.dataset("stored.npz:images", labels: "stored.npz:names")
    arrays.classNames = ["birch", "ash", "cedar", "ébène"]
    #expect(
      ArrayFixtures.message(arrays).contains(
        "stored.npz:names are texts, which name their classes; expected no other names"))
    arrays = ArrayFixtures.dataset("stored.npz:images")
    arrays.superclasses = [("even", [0])]
    #expect(ArrayFixtures.message(arrays).contains("dataset.superclasses: the items have no labels"))
  }

  @Test func aShapeOfAnotherSizeIsRefused() {
    var arrays = ArrayFixtures.dataset("stored.npz:images")
    arrays.shape = [5, 5]
    let message = ArrayFixtures.message(arrays)
    #expect(message.contains("items of 36 components; expected dataset.shape [5, 5], items of 25 components"))
  }
}
