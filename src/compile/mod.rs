//! State files to an ordered plan of typed states: documents, include, extend, requisites, order.
//! Pure: files and facts in, low states or problems out. Must not touch the host.

mod ahead;
mod body;
mod chunk;
mod cycle;
mod declaration;
mod document;
mod extend;
mod findings;
mod global;
mod high;
mod low;
mod ordering;
mod requisite;
mod resolve;
mod salt;
mod show;
mod typed;

use std::collections::{BTreeMap, BTreeSet};

pub use global::names as arguments_of_all;
pub use low::{Check, Compiled, Guard, Low, Requisite, Retry};
pub use show::Shown;

use self::chunk::Chunk;
use self::declaration::Name;
use self::findings::Findings;
use self::high::{High, RequestedSls};
use self::ordering::{Item, Ordering};
use self::resolve::Resolved;
use self::typed::Typed;
use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::sls::Files;
use crate::target::Subject;
use crate::template::{Data, Key};

/// Declarations for which a thread pays.
const WORTH_A_THREAD: usize = 100;

/// What to compile.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The state files.
    pub files: &'a Files,
    /// What every state file sees.
    pub context: &'a [(Key, Data)],
    /// The host, for the top file's targets.
    pub subject: Subject<'a>,
    /// These state files instead of what the top file says.
    pub sls: &'a [String],
    /// Of everything compiled only the states of these files and of those that they include.
    pub only: &'a [String],
    /// What Salt would let pass is a warning; a state that is not understood is left out.
    pub lenient: bool,
}

/// Compiles everything, or says everything that is wrong.
pub fn compile(request: &Request<'_>) -> Result<Compiled, Problems> {
    let mut findings = Findings::new(request.lenient);
    let front = Front::of(request, &mut findings);
    let ordering = ordering::order(&front.items(), &mut findings);
    let chosen = chosen(request.only, &front.high, &mut findings);
    let problems = findings.told();
    match ordering {
        Some(ordering) if !problems.fatal() => {
            let Front { high, chunks, typed, ties } = front;
            let mut compiled = lower(&high, chunks, typed, &ties, &ordering, chosen.as_ref());
            compiled.warnings = problems;
            Ok(compiled)
        }
        _ => Err(problems),
    }
}

/// What [`compile`] makes of the files on its way, in Salt's own shapes; or everything that is wrong.
pub fn show(request: &Request<'_>) -> Result<Shown, Problems> {
    let mut findings = Findings::new(request.lenient);
    let front = Front::of(request, &mut findings);
    let ordering = ordering::order(&front.items(), &mut findings);
    let problems = findings.told();
    match ordering {
        Some(ordering) if !problems.fatal() => Ok(Shown { front, ordering, warnings: problems }),
        _ => Err(problems),
    }
}

/// The state files that the top file gives the host.
pub fn top(request: &Request<'_>) -> Result<Vec<String>, Problems> {
    let mut findings = Findings::new(request.lenient);
    let wanted = wanted(request, &mut findings);
    let problems = findings.told();
    if problems.fatal() { Err(problems) } else { Ok(wanted.into_iter().map(|wanted| wanted.sls).collect()) }
}

/// Everything up to the order of the states.
struct Front {
    high: High,
    chunks: Vec<Chunk>,
    /// By chunk; none where it is not understood.
    typed: Vec<Option<Typed>>,
    /// By chunk.
    ties: Vec<Vec<Resolved>>,
}

impl Front {
    fn of(request: &Request<'_>, findings: &mut Findings) -> Self {
        let wanted = wanted(request, findings);
        let mut high = High::gather(request, &wanted, findings);
        extend::apply(&mut high, findings);
        let parts = crate::parallel::map(&high.declarations, WORTH_A_THREAD, |declaration| {
            let mut findings = Findings::new(request.lenient);
            let chunks = chunk::expand(declaration, &mut findings);
            let typed: Vec<_> = chunks.iter().map(|chunk| typed::read(chunk, &mut findings)).collect();
            let said: Vec<_> = chunks.iter().map(|chunk| resolve::said(chunk, &mut findings)).collect();
            (chunks, typed, said, findings)
        });
        let count = parts.len();
        let (mut chunks, mut typed) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut said = Vec::with_capacity(count);
        for (of_one, read, says, found) in parts {
            chunks.extend(of_one);
            typed.extend(read);
            said.extend(says);
            findings.append(found);
        }
        let ties = resolve::resolve(&high, &chunks, said, findings);
        Self { high, chunks, typed, ties }
    }

    fn items(&self) -> Vec<Item<'_>> {
        self.chunks.iter().zip(&self.typed).zip(&self.ties).map(item).collect()
    }
}

fn item<'a>(((chunk, typed), ties): ((&'a Chunk, &'a Option<Typed>), &'a Vec<Resolved>)) -> Item<'a> {
    match typed {
        Some(typed) => Item { chunk, ties, position: typed.position, state: Some(typed.state.as_ref()) },
        None => Item { chunk, ties, position: typed::position(chunk), state: None },
    }
}

/// The state files to begin with.
fn wanted(request: &Request<'_>, findings: &mut Findings) -> Vec<RequestedSls> {
    if !request.sls.is_empty() {
        return request.sls.iter().map(|sls| RequestedSls { sls: sls.clone(), by: None }).collect();
    }
    if request.files.path("top").is_none() {
        findings.add(
            Diagnostic::error(format!("there is no `{}`", request.files.shown("top.sls")))
                .help("write one, or name the state files to apply"),
        );
        return Vec::new();
    }
    match request.files.node("top.sls", "top", request.context) {
        Ok(node) => {
            let (entries, problems) = crate::top::read(node.as_ref(), &request.subject);
            problems.into_iter().for_each(|problem| findings.add(problem));
            let present = entries
                .into_iter()
                .filter(|entry| !entry.optional || request.files.path(&entry.sls).is_some());
            present
                .map(|entry| RequestedSls {
                    by: Some(Name::new(entry.sls.as_str(), &entry.place)),
                    sls: entry.sls,
                })
                .collect()
        }
        Err(problems) => {
            problems.into_iter().for_each(|problem| findings.add(problem));
            Vec::new()
        }
    }
}

/// The files whose states are asked for; `None`: all.
fn chosen<'a>(only: &'a [String], high: &High, findings: &mut Findings) -> Option<BTreeSet<&'a str>> {
    if only.is_empty() {
        return None;
    }
    for name in only {
        if !high.incomplete && !high.sls.iter().any(|sls| **sls == **name) {
            let problem =
                Diagnostic::error(format!("there is no state file `{name}` among those of this run"));
            findings.add(match nearest(name, high.sls.iter().map(|sls| &**sls)) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
    }
    Some(only.iter().map(String::as_str).collect())
}

/// The answer: states in execution order, requisites as positions in it.
fn lower(
    high: &High,
    chunks: Vec<Chunk>,
    typed: Vec<Option<Typed>>,
    ties: &[Vec<Resolved>],
    ordering: &Ordering,
    chosen: Option<&BTreeSet<&str>>,
) -> Compiled {
    let asked = |chunk: &Chunk| {
        chosen.is_none_or(|names| high.lineage(&chunk.sls).iter().any(|sls| names.contains(&**sls)))
    };
    let mut position: Vec<Option<usize>> = vec![None; chunks.len()];
    let mut count = 0;
    for &number in &ordering.order {
        let there = typed.get(number).is_some_and(Option::is_some);
        if let (true, Some(chunk), Some(slot)) = (there, chunks.get(number), position.get_mut(number))
            && asked(chunk)
        {
            *slot = Some(count);
            count += 1;
        }
    }
    let at = |number: &usize| position.get(*number).copied().flatten();
    let mut parts: Vec<Option<(Chunk, Typed)>> =
        chunks.into_iter().zip(typed).map(|(chunk, typed)| Some((chunk, typed?))).collect();
    let mut states = Vec::with_capacity(count);
    for &number in ordering.order.iter().filter(|number| at(number).is_some()) {
        let Some(Some((chunk, typed))) = parts.get_mut(number).map(Option::take) else { continue };
        let mut requisites: BTreeMap<Requisite, Vec<usize>> = BTreeMap::new();
        for tie in ties.get(number).into_iter().flatten() {
            let targets = requisites.entry(tie.requisite).or_default();
            targets.extend(tie.targets.iter().filter_map(at));
        }
        for targets in requisites.values_mut() {
            let mut seen = BTreeSet::new();
            targets.retain(|target| seen.insert(*target));
        }
        states.push(Low {
            sls: chunk.sls.to_string(),
            id: chunk.id.text.to_string(),
            name: chunk.name.text.to_string(),
            function: typed.function,
            state: typed.state,
            place: chunk.place.clone(),
            arguments: chunk.into_node(),
            requisites,
            implied: ordering.implied.get(number).into_iter().flatten().filter_map(at).collect(),
            check: typed.check,
        });
    }
    Compiled {
        states,
        sls: high.sls.iter().map(ToString::to_string).collect(),
        warnings: Problems::default(),
    }
}
