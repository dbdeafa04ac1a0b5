/// The tree of concepts above the memories: classes, and superclasses where the data set has them.
///
/// Level 0 is a member's own memory, level 1 its class, level 2 its superclass (if there are any), and
/// the last level the root.
public struct ConceptHierarchy: Sendable, Hashable {
  /// The name of each class. Shape `[numberOfClasses]`.
  public let classNames: [String]
  /// The label by which the data's files know each class. Shape `[numberOfClasses]`.
  public let classLabels: [Int]
  /// The name of each superclass; empty if there are none. Shape `[numberOfSuperclasses]`.
  public let superclassNames: [String]
  /// The superclass index of each class; empty if there are none. Shape `[numberOfClasses]`.
  public let superclassOfClass: [Int]
  /// Whether the classes mean anything: not of items without labels, which are all in one.
  public let hasClasses: Bool

  /// The tree of items without labels: memories and the root. All items are in one class, whose centre is the root.
  public static let unlabelled = ConceptHierarchy(
    classNames: ["all items"], classLabels: [0], superclassNames: [], superclassOfClass: [], hasClasses: false
  )

  /// Classes that are clusters of memories, numbered from 0.
  public static func clusters(_ count: Int) -> ConceptHierarchy {
    ConceptHierarchy(classNames: (0..<count).map { "cluster \($0)" }, classLabels: Array(0..<count))
  }

  /// Creates a hierarchy.
  ///
  /// - Parameters:
  ///   - classNames: The name of each class. Shape `[numberOfClasses]`.
  ///   - classLabels: The label of each class, all different and in ascending order. Shape `[numberOfClasses]`.
  ///   - superclassNames: The name of each superclass; empty if there are none.
  ///   - superclassOfClass: The superclass index of each class; empty if there are none.
  /// - Precondition: The counts agree, and each superclass index is in range.
  public init(
    classNames: [String], classLabels: [Int], superclassNames: [String] = [],
    superclassOfClass: [Int] = []
  ) {
    self.init(
      classNames: classNames, classLabels: classLabels, superclassNames: superclassNames,
      superclassOfClass: superclassOfClass, hasClasses: true)
  }

  private init(
    classNames: [String], classLabels: [Int], superclassNames: [String], superclassOfClass: [Int],
    hasClasses: Bool
  ) {
    precondition(classNames.count == classLabels.count, "a class has one name and one label")
    precondition(
      zip(classLabels, classLabels.dropFirst()).allSatisfy { $0 < $1 }, "labels ascend and are distinct")
    precondition(
      superclassOfClass.count == (superclassNames.isEmpty ? 0 : classNames.count),
      "either no class has a superclass, or each has one")
    precondition(
      superclassOfClass.allSatisfy { superclassNames.indices.contains($0) }, "no such superclass")
    self.classNames = classNames
    self.classLabels = classLabels
    self.superclassNames = superclassNames
    self.superclassOfClass = superclassOfClass
    self.hasClasses = hasClasses
  }

  /// The number of classes.
  public var numberOfClasses: Int { classNames.count }

  /// The number of superclasses; 0 if the tree has no such level.
  public var numberOfSuperclasses: Int { superclassNames.count }

  /// Whether there is a level of superclasses between the classes and the root.
  public var hasSuperclasses: Bool { !superclassNames.isEmpty }

  /// The names of the tree's levels, from the memory to the root.
  public var treeLevelNames: [String] {
    if !hasClasses { return ["memory", "root"] }
    return hasSuperclasses ? ["memory", "class", "superclass", "root"] : ["memory", "class", "root"]
  }

  /// The indices of the classes of one superclass, in ascending order.
  ///
  /// - Complexity: O(classes).
  public func classes(ofSuperclass superclass: Int) -> [Int] {
    superclassOfClass.indices.filter { superclassOfClass[$0] == superclass }
  }

  /// Another class of the same superclass: the next one in cyclic order. If there are no superclasses, it is the
  /// next one among all classes.
  ///
  /// - Returns: The sibling's index, or `nil` if the class has none.
  /// - Precondition: `classIndex` is in `0..<numberOfClasses`.
  /// - Complexity: O(classes).
  public func sibling(ofClass classIndex: Int) -> Int? {
    precondition(classNames.indices.contains(classIndex), "no such class")
    for step in 1..<max(numberOfClasses, 1) {
      let candidate = (classIndex + step) % numberOfClasses
      if !hasSuperclasses || superclassOfClass[candidate] == superclassOfClass[classIndex] {
        return candidate
      }
    }
    return nil
  }

  /// Another superclass: the next one in cyclic order.
  ///
  /// - Returns: The sibling's index, or `nil` if the superclass has none.
  /// - Precondition: `superclass` is in `0..<numberOfSuperclasses`.
  public func sibling(ofSuperclass superclass: Int) -> Int? {
    precondition(superclassNames.indices.contains(superclass), "no such superclass")
    return numberOfSuperclasses > 1 ? (superclass + 1) % numberOfSuperclasses : nil
  }
}
