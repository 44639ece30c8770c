//! A terminal: an emulator that others maintain and that knows much more than colours.

use std::num::NonZeroU16;

use vt100::{Callbacks, Parser, Screen};

/// The things that a terminal was asked to do besides showing text.
#[derive(Default)]
struct Asked(Vec<String>);

impl Callbacks for Asked {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.0.push("ring".to_owned());
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.0.push("flash".to_owned());
    }

    fn resize(&mut self, _: &mut Screen, size: (u16, u16)) {
        self.0.push(format!("resize to {size:?}"));
    }

    fn set_window_icon_name(&mut self, _: &mut Screen, name: &[u8]) {
        self.0.push(format!("name its icon {name:?}"));
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.0.push(format!("call itself {title:?}"));
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], text: &[u8]) {
        self.0.push(format!("copy {text:?}"));
    }

    fn paste_from_clipboard(&mut self, _: &mut Screen, _: &[u8]) {
        self.0.push("paste".to_owned());
    }

    fn unhandled_char(&mut self, _: &mut Screen, c: char) {
        self.0.push(format!("show {c:?}"));
    }

    fn unhandled_control(&mut self, _: &mut Screen, control: u8) {
        self.0.push(format!("obey {control}"));
    }

    fn unhandled_escape(&mut self, _: &mut Screen, _: Option<u8>, _: Option<u8>, last: u8) {
        self.0.push(format!("obey an escape that ends in {last}"));
    }

    fn unhandled_csi(
        &mut self,
        _: &mut Screen,
        _: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        last: char,
    ) {
        self.0.push(format!("obey {parameters:?} {last}"));
    }

    fn unhandled_osc(&mut self, _: &mut Screen, parameters: &[&[u8]]) {
        self.0.push(format!("obey a command {parameters:?}"));
    }
}

/// Fails if a terminal that is given `printed` shows anything but the lines of `expected`, or is anything but ready for the
/// next line.
pub fn shows(printed: &str, expected: &str, about: &str) {
    assert_eq!(flaw(printed, expected), None, "{about}: {printed:?}");
}

fn flaw(printed: &str, expected: &str) -> Option<String> {
    // The emulator takes this character, with which we show hidden ones, for a sign of bytes that are no text.
    let [printed, expected] = [printed, expected].map(|text| text.replace('\u{fffd}', "?"));
    let rows = expected.matches('\n').count() + 1;
    let columns = expected.lines().map(|line| 2 * line.chars().count()).max().unwrap_or(0) + 1;
    let [height, width] =
        [rows, columns].map(|size| u16::try_from(size).ok().and_then(NonZeroU16::new));
    let (height, width) = (height.expect("a screen"), width.expect("a screen"));
    let mut terminal = Parser::new_with_callbacks(height, width, 0, Asked::default());
    // As the driver of a terminal does.
    terminal.process(printed.replace('\n', "\r\n").as_bytes());

    let (screen, fresh) = (terminal.screen(), Parser::new(height, width, 0));
    let lines = screen.rows(0, width.get()).map(|line| line.trim_end().to_owned());
    let expected_lines = expected.split('\n').map(|line| line.trim_end().to_owned());
    let (shown, expected_lines): (Vec<_>, Vec<_>) = (lines.collect(), expected_lines.collect());
    if shown != expected_lines {
        return Some(format!("it shows {shown:#?}"));
    }
    let state = |screen: &Screen| {
        let modes = (screen.alternate_screen(), screen.hide_cursor(), screen.cursor_style());
        (modes, screen.input_mode_formatted(), screen.attributes_formatted())
    };
    if state(screen) != state(fresh.screen()) {
        return Some(format!("it is left in {:?}", state(screen)));
    }
    let ends_line = expected.is_empty() || expected.ends_with('\n');
    if ends_line && screen.cursor_position() != (height.get() - 1, 0) {
        return Some(format!("its cursor is at {:?}", screen.cursor_position()));
    }
    let Asked(asked) = terminal.callbacks();
    (!asked.is_empty()).then(|| format!("it is asked to {asked:?}"))
}

#[test]
fn a_terminal_that_is_made_to_do_anything_is_noticed() {
    assert_eq!(flaw("\u{1b}[1;31ma é 表\u{1b}[0m\nb\n", "a é 表\nb\n"), None);
    let [moves, asks, modes] = [
        &["a\u{1b}[2J\u{1b}[Hb", "FAIL\u{8}\u{8}b", "FAIL\rb", "a\tb", "\u{1b}[1;1Hb", "a\nb"][..],
        &["\u{1b}]0;b\u{7}", "\u{7}", "\u{1b}g", "\u{1b}]52;c;aGk=\u{7}", "\u{0}", "\u{1b}[6n"],
        &[
            "\u{1b}[?1049h",
            "\u{1b}[?25l",
            "\u{1b}[?2004h",
            "\u{1b}[?1000h",
            "\u{1b}[31m",
            "\u{1b}[3 q",
        ],
    ];
    for text in moves.iter().chain(asks).chain(modes) {
        assert!(flaw(text, "").is_some() && flaw(&format!("a{text}"), "ab").is_some(), "{text:?}");
    }
}
