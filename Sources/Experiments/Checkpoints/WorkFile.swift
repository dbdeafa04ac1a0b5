import Output

/// The files of unfinished work, which are not run files.
public enum WorkFile {
  /// Throws if a file that should be a run file is a shard or a checkpoint, as its first bytes tell.
  ///
  /// - Throws: `CheckpointError`.
  public static func refuse(_ path: String) throws {
    let checkpoint = Array(Checkpoints.signature.utf8)
    let bytes = NetCDFFormat.beginning(of: path, count: checkpoint.count)
    // A frame's kind and length, the length of a text, the text: `FrameFile`, `ShardHeader`.
    let isShard =
      bytes.count > 17 && bytes[0] == FrameFile.Kind.header.rawValue && bytes[17] == UInt8(ascii: "{")
    if bytes == checkpoint || (isShard && path.contains(".checkpoint-data-")) {
      throw CheckpointError(
        .mismatch, path: path, problem: "it is a checkpoint, of a run or training that has not ended",
        remedy: "continue it: give the same command with --resume")
    }
    if isShard {
      throw CheckpointError(
        .mismatch, path: path, problem: "it is a shard, a part of a run",
        remedy: "make the run file of all shards with 'simulate merge'")
    }
  }
}
