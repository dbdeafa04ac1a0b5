// Made by make_goldens.py; do not edit.

/// Hierarchical patterns of seed 20171204, computed in Python.
enum PatternGolden {
  static let train = [
    "000010011",
    "011010011",
    "000000010",
    "100010110",
    "000000010",
    "000111010",
    "000110110",
    "001110110",
  ]
  static let test = [
    "000000111",
    "100100010",
    "000011010",
    "001110110",
  ]
  static let contentHash = "4dfa1f46460c7f356fa83aabbcbb1f81aadda9e3ae32c16940a50c55af808658"
}
