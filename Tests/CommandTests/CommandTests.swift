import Testing

/// Tests of the built program `simulate`, run as a user runs it.
///
/// One after another: each run takes all processors, and interrupts are sent at certain moments.
@Suite struct CommandTests {}
