/// The bytes of an IDX file's header.
///
/// - Parameter type: The code of the elements' type; 0x08 for unsigned bytes.
public func idxHeader(_ shape: [Int], type: UInt8 = 0x08) -> [UInt8] {
  [0, 0, type, UInt8(shape.count)]
    + shape.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
}

/// An IDX file of unsigned bytes.
public func idx(_ shape: [Int], _ bytes: [UInt8]) -> [UInt8] { idxHeader(shape) + bytes }
