import Testing
import Vocabulary

@Suite struct ControlCharactersTests {
  @Test func whatATerminalObeysIsShown() {
    #expect("a\u{1B}[31mb".escapingControls == "a\\u{1b}[31mb")
    #expect("\u{1B}]52;c;aGk=\u{7}".escapingControls == "\\u{1b}]52;c;aGk=\\u{7}")
    // CSI in one character, delete, the override of the direction, a line separator.
    #expect("\u{9B}\u{7F}\u{202E}\u{2028}".escapingControls == "\\u{9b}\\u{7f}\\u{202e}\\u{2028}")
    // A lone carriage return would write over the line.
    #expect("safe\revil".escapingControls == "safe\\revil")
  }

  @Test func whatOneReadsStays() {
    for text in ["", "a table\n\tof two lines\n", "a\r\nb", "Größe 1 µm, ∂F/∂z", "家族 👩‍🔬", "می‌خواهم"] {
      #expect(text.escapingControls == text)
    }
  }

  /// One function makes the fields of all tables: of run files and of arrays.
  @Test func fieldsOfTablesAreQuotedAndShowControls() {
    #expect("plain".csvField == "plain")
    #expect("a,b".csvField == "\"a,b\"")
    #expect("say \"x\"".csvField == "\"say \"\"x\"\"\"")
    #expect("a\nb".csvField == "\"a\nb\"")
    #expect("\u{1b}[2J,".csvField == "\"\\u{1b}[2J,\"")
  }
}
