import Datasets
import Dynamics
import Numerics
import Observables

/// The centres that approaches are computed for, level by level of the tree: those of the own branch,
/// siblings', and those under shuffled labels.
///
/// A sibling is another item of the class, another class of the superclass, or another superclass. Under
/// shuffled labels there are the memory of another item drawn at random, and the centres of the training
/// memories with permuted labels. The root has neither.
struct ApproachCentres {
  /// The centres of one level, and which of them is an item's; -1 for none.
  private struct Level {
    let name: String
    let centres: RowTable
    let rowOfItem: [Int32]
  }

  private let geometry: LatentGeometry
  private let own: OwnItems
  private let hierarchy: ConceptHierarchy
  private let seed: UInt64

  init(_ geometry: LatentGeometry, _ own: OwnItems, _ hierarchy: ConceptHierarchy, seed: UInt64) {
    self.geometry = geometry
    self.own = own
    self.hierarchy = hierarchy
    self.seed = seed
  }

  /// The distances to all of them.
  var distances: ApproachTable<any Observable> {
    func distances(_ levels: [Level]) -> [any Observable] {
      levels.map { CentreDistance(name: $0.name, centres: $0.centres, rowOfItem: $0.rowOfItem) }
    }
    return ApproachTable(
      own: distances(ownLevels), sibling: distances(siblingLevels), shuffled: distances(shuffledLevels))
  }

  private var itemCount: Int { own.classes.count }
  private var everyItem: [Int32] { (0..<Int32(itemCount)).map { $0 } }
  private var noItem: [Int32] { Array(repeating: -1, count: itemCount) }

  private func superclasses(_ superclassOfClass: (Int) -> Int32) -> [Int32] {
    own.classes.map { superclassOfClass(Int($0)) }
  }

  private var ownLevels: [Level] {
    var levels = [Level(name: "own memory", centres: own.memories, rowOfItem: everyItem)]
    if geometry.hasConcepts {
      levels.append(Level(name: "own concept", centres: geometry.concepts, rowOfItem: own.classes))
    }
    if let superconcepts = geometry.superconcepts {
      levels.append(
        Level(
          name: "own superconcept", centres: superconcepts,
          rowOfItem: superclasses { Int32(hierarchy.superclassOfClass[$0]) }))
    }
    return levels + [
      Level(name: "root", centres: geometry.root, rowOfItem: Array(repeating: 0, count: itemCount))
    ]
  }

  private var siblingLevels: [Level] {
    let siblingOfClass = hierarchy.siblingOfClass
    var levels = [Level(name: "sibling memory", centres: own.memories, rowOfItem: siblingItems)]
    if geometry.hasConcepts {
      levels.append(
        Level(
          name: "sibling concept", centres: geometry.concepts,
          rowOfItem: own.classes.map { siblingOfClass[Int($0)] }))
    }
    if let superconcepts = geometry.superconcepts {
      levels.append(
        Level(
          name: "sibling superconcept", centres: superconcepts,
          rowOfItem: superclasses { label in
            hierarchy.sibling(ofSuperclass: hierarchy.superclassOfClass[label]).map(Int32.init) ?? -1
          }))
    }
    return levels + [Level(name: "no sibling of the root", centres: geometry.root, rowOfItem: noItem)]
  }

  private var shuffledLevels: [Level] {
    var random = RandomField(seed: seed, purpose: .controls).stream(0)
    let labels = random.permutation(geometry.classes.count).map { Int(geometry.classes[$0]) }
    var levels = [Level(name: "shuffled memory", centres: own.memories, rowOfItem: otherItems)]
    if geometry.hasConcepts {
      levels.append(
        Level(
          name: "shuffled concept",
          centres: LatentGeometry.centres(
            geometry.memories, groups: labels, count: hierarchy.numberOfClasses), rowOfItem: own.classes))
    }
    if geometry.superconcepts != nil {
      levels.append(
        Level(
          name: "shuffled superconcept",
          centres: LatentGeometry.centres(
            geometry.memories, groups: labels.map { hierarchy.superclassOfClass[$0] },
            count: hierarchy.numberOfSuperclasses),
          rowOfItem: superclasses { Int32(hierarchy.superclassOfClass[$0]) }))
    }
    return levels + [Level(name: "no shuffled root", centres: geometry.root, rowOfItem: noItem)]
  }

  /// The successor in a random cyclic order: never the item itself; -1 where there is only one.
  private var otherItems: [Int32] {
    var random = RandomField(seed: seed, purpose: .controls).stream(1)
    let order = random.permutation(itemCount)
    var other = noItem
    if itemCount > 1 {
      for k in 0..<itemCount { other[order[k]] = Int32(order[(k + 1) % itemCount]) }
    }
    return other
  }

  /// The next item of the same class, cyclically; -1 for the only one of its class.
  private var siblingItems: [Int32] {
    var byClass: [Int32: [Int]] = [:]
    for (item, label) in own.classes.enumerated() { byClass[label, default: []].append(item) }
    var next = noItem
    for items in byClass.values where items.count > 1 {
      for (k, item) in items.enumerated() { next[item] = Int32(items[(k + 1) % items.count]) }
    }
    return next
  }
}
