import Testing
import Vocabulary

/// `FILE:VARIABLE:COLUMN` splits from the right, and an existing file of the longest name wins.
@Suite struct ArrayReferenceTests {
  static let cases: [(text: String, files: Set<String>, expected: ArrayReference)] = [
    ("a.npy", [], ArrayReference(file: "a.npy", variable: nil)),
    ("/d/a.npz:x", ["/d/a.npz"], ArrayReference(file: "/d/a.npz", variable: "x")),
    ("a.npz:x:1", ["a.npz"], ArrayReference(file: "a.npz", variable: "x", column: 1)),
    ("a.npz:x:1", ["a.npz:x:1"], ArrayReference(file: "a.npz:x:1", variable: nil)),
    ("a.npz:x:1", ["a.npz", "a.npz:x"], ArrayReference(file: "a.npz:x", variable: "1")),
    ("a.npz:x:y", ["a.npz"], ArrayReference(file: "a.npz", variable: "x:y")),
    ("/d/f.h5:/g/x", ["/d/f.h5"], ArrayReference(file: "/d/f.h5", variable: "/g/x")),
    ("/d/absent.npz:x", [], ArrayReference(file: "/d/absent.npz", variable: "x")),
    ("/d:e/absent.npz:x:2", [], ArrayReference(file: "/d:e/absent.npz", variable: "x", column: 2)),
    ("a.npz::3", ["a.npz"], ArrayReference(file: "a.npz", variable: nil, column: 3)),
  ]

  @Test(arguments: cases.indices) func textsSplit(_ index: Int) {
    let (text, files, expected) = Self.cases[index]
    #expect(ArrayReference(text, exists: files.contains) == expected)
  }
}
