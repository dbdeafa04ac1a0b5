import Datasets
import Testing

@Suite struct ConceptHierarchyTests {
  /// Superclass 0: classes 0, 2, 4; superclass 1: class 1; superclass 2: class 3.
  let tree = ConceptHierarchy(
    classNames: ["a", "b", "c", "d", "e"], classLabels: [10, 11, 12, 13, 14],
    superclassNames: ["x", "y", "z"], superclassOfClass: [0, 1, 0, 2, 0])
  let flat = ConceptHierarchy(classNames: ["a", "b", "c"], classLabels: [3, 5, 8])

  @Test func countsAndLevelsAreThoseOfTheTree() {
    #expect(tree.numberOfClasses == 5)
    #expect(tree.numberOfSuperclasses == 3)
    #expect(tree.hasSuperclasses)
    #expect(tree.treeLevelNames == ["memory", "class", "superclass", "root"])
    #expect(flat.numberOfClasses == 3)
    #expect(flat.numberOfSuperclasses == 0)
    #expect(!flat.hasSuperclasses)
    #expect(flat.treeLevelNames == ["memory", "class", "root"])
    #expect(tree.classes(ofSuperclass: 0) == [0, 2, 4])
  }

  @Test func siblingsAreTheNextOfTheSameSuperclass() {
    #expect((0..<5).map { tree.sibling(ofClass: $0) } == [2, nil, 4, nil, 0])
    #expect((0..<3).map { tree.sibling(ofSuperclass: $0) } == [1, 2, 0])
    #expect((0..<3).map { flat.sibling(ofClass: $0) } == [1, 2, 0])
  }

  @Test func anOnlyChildHasNoSibling() {
    #expect(ConceptHierarchy(classNames: ["a"], classLabels: [0]).sibling(ofClass: 0) == nil)
    let single = ConceptHierarchy(
      classNames: ["a", "b"], classLabels: [0, 1], superclassNames: ["x"], superclassOfClass: [0, 0])
    #expect(single.sibling(ofSuperclass: 0) == nil)
    #expect(single.sibling(ofClass: 1) == 0)
  }
}
