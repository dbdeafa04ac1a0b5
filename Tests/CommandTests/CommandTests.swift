import TestSupport
import Testing

/// Tests of the built program `simulate`, run as a user runs it.
///
/// Side by side, as many as there are processors: each has a folder and a cache of its own, and none waits by the clock.
@Suite(.tags(.programs), .slow) struct CommandTests {}
