//! Problems as people read them: the line, a caret, and what to do. Must not print.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Also, Diagnostic, Excerpt, Severity};

/// A problem as people read it, ending in a line break.
pub fn render(problem: &Diagnostic, color: bool) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = clipped(&problem.message, LONGEST);
    let mut group = Group::with_title(level.primary_title(message.as_ref()));
    let shown = problem.place.as_ref().map(|place| narrowed(place, &problem.also));
    if let Some(place) = &shown {
        let primary = AnnotationKind::Primary.span(span(place)).label(problem.label.as_deref());
        let mut snippet = excerpt(place).annotation(primary);
        let (same, other): (Vec<_>, Vec<_>) = problem
            .also
            .iter()
            .partition(|also| also.place.file == place.file && also.place.line == place.line);
        for also in same {
            let span = span(&also.place);
            snippet = snippet.annotation(AnnotationKind::Context.span(span).label(also.label.as_str()));
        }
        group = group.element(snippet);
        for also in other {
            let annotation = AnnotationKind::Context.span(span(&also.place)).label(also.label.as_str());
            group = group.element(excerpt(&also.place).annotation(annotation));
        }
    }
    if let Some(state) = &problem.state {
        group = group.element(Level::NOTE.message(format!("in state `{state}`")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]).lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// Characters of a message, and of a line beyond what is pointed at.
const LONGEST: usize = 1000;
const BEYOND: usize = 200;

fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{start}…")),
        None => Cow::Borrowed(text),
    }
}

/// A place with as much of its line as shows what is wrong: lines may be megabytes long.
fn narrowed(place: &Excerpt, also: &[Also]) -> Excerpt {
    let same = also.iter().map(|also| &also.place);
    let same = same.filter(|other| other.file == place.file && other.line == place.line);
    let end = |place: &Excerpt| place.column as usize + (place.width as usize).min(BEYOND) + BEYOND;
    let most = same.chain([place]).map(end).max().unwrap_or(BEYOND);
    let text = clipped(&place.text, most).into_owned();
    Excerpt { text, width: place.width.min(u32::try_from(most).unwrap_or(u32::MAX)), ..place.clone() }
}

fn excerpt(place: &Excerpt) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(place.text.as_str()).line_start(place.line as usize).path(place.file.as_str())
}

/// The bytes of the line that the place's characters are.
fn span(place: &Excerpt) -> Range<usize> {
    let offset = |characters: u32| {
        place.text.char_indices().nth(characters as usize).map_or(place.text.len(), |(offset, _)| offset)
    };
    let start = offset(place.column.saturating_sub(1));
    let end = offset(place.column.saturating_sub(1).saturating_add(place.width.max(1)));
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Place, Source};

    fn shown(problem: Diagnostic) -> String {
        render(&problem, false)
    }

    #[test]
    fn a_problem_shows_its_line_and_what_to_do() {
        let source =
            Source::new("states/web.sls", "web:\n  file.managed:\n    - mdoe: 0644\n    - mode: 0888 # ä\n");
        let problem = Diagnostic::error("`mdoe` is not known here")
            .at(&Place::new(&source, 3, 7, 4))
            .help("did you mean `mode`?")
            .state("web");
        assert_eq!(
            shown(problem),
            "\
error: `mdoe` is not known here
 --> states/web.sls:3:7
  |
3 |     - mdoe: 0644
  |       ^^^^
  |
  = note: in state `web`
  = help: did you mean `mode`?
"
        );
        let problem = Diagnostic::warning("`0888` is no file mode such as `0644`")
            .at(&Place::new(&source, 4, 13, 4))
            .label("octal digits go from 0 to 7")
            .also(&Place::new(&source, 2, 3, 12), "of this state")
            .also(&Place::new(&source, 4, 20, 1), "here too");
        assert_eq!(
            shown(problem),
            "\
warning: `0888` is no file mode such as `0644`
 --> states/web.sls:4:13
  |
4 |     - mode: 0888 # ä
  |             ^^^^   - here too
  |             |
  |             octal digits go from 0 to 7
  |
 ::: states/web.sls:2:3
  |
2 |   file.managed:
  |   ------------ of this state
"
        );
        assert_eq!(
            shown(Diagnostic::error("no `top.sls`").help("write one")),
            "error: no `top.sls`\n |\n = help: write one\n"
        );
    }

    #[test]
    fn places_beyond_the_text_are_borne() {
        for (line, column, width) in [(1, 1, 1), (1, 9, 9), (7, 3, 0), (1, 3, 1)] {
            let source = Source::new("a", "é\tb");
            let text = shown(Diagnostic::error("x").at(&Place::new(&source, line, column, width)));
            assert!(text.starts_with("error: x\n --> a:"), "{text}");
        }
        let source = Source::new("a", "");
        assert!(shown(Diagnostic::error("x").at(&Place::start(&source))).contains("a:1:1"));
    }

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        let problem = Diagnostic::error("x");
        assert!(render(&problem, true).contains("\u{1b}["));
        assert!(!render(&problem, false).contains('\u{1b}'));
    }
}
