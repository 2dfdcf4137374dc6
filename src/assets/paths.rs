//! Which file a path means: `html_handling`. Pure, but for the question whether a file exists.

use super::settings::{HtmlHandling, NotFoundHandling};

/// What a path means; files are named as paths, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    File(String),
    /// Another path means the file, decoded too.
    Redirect(String),
}

/// A file that may be meant, and the path that it should be asked for by; none when this one is right.
type Candidate = (String, Option<String>);

/// What a decoded path means, if anything.
pub(super) fn meaning(html: HtmlHandling, path: &str, exists: &dyn Fn(&str) -> bool) -> Option<Meaning> {
    for (file, redirect) in candidates(html, path) {
        if !exists(&file) {
            continue;
        }
        let Some(to) = redirect else { return Some(Meaning::File(file)) };
        if served(html, &to, exists).as_ref() == Some(&file) {
            return Some(Meaning::Redirect(to));
        }
        // Another file has that path.
        if file == path {
            return Some(Meaning::File(file));
        }
    }
    None
}

/// The file that answers where no path matches, and the status.
pub(super) fn not_found(
    handling: NotFoundHandling,
    path: &str,
    exists: &dyn Fn(&str) -> bool,
) -> Option<(String, u16)> {
    match handling {
        NotFoundHandling::None => None,
        NotFoundHandling::SinglePageApplication => exists("/index.html").then(|| ("/index.html".to_owned(), 200)),
        NotFoundHandling::NotFoundPage => {
            let above = path.char_indices().rev().filter(|(_, c)| *c == '/').map(|(at, _)| &path[..at]);
            above.map(|folder| format!("{folder}/404.html")).find(|page| exists(page)).map(|page| (page, 404))
        }
    }
}

/// The file that a path serves without a redirect.
fn served(html: HtmlHandling, path: &str, exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let right = candidates(html, path).into_iter().filter(|(_, redirect)| redirect.is_none());
    right.map(|(file, _)| file).find(|file| exists(file))
}

fn candidates(html: HtmlHandling, path: &str) -> Vec<Candidate> {
    use HtmlHandling::{AutoTrailingSlash, DropTrailingSlash, ForceTrailingSlash};
    let right = |file: String| (file, None);
    let at = |file: String, path: &str| (file, Some(path.to_owned()));
    let slashed = |path: &str| format!("{path}/");
    let or_root = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    let exact = path.to_owned();
    if html == HtmlHandling::None {
        return vec![right(exact)];
    }
    // `/folder/index` and `/folder/index.html` -> `/folder`
    if let Some(stem) = path.strip_suffix("/index") {
        let (folder, file) = (format!("{path}.html"), format!("{stem}.html"));
        return match html {
            DropTrailingSlash => vec![right(exact), at(file, stem), at(folder, &or_root(stem))],
            ForceTrailingSlash => vec![right(exact), at(folder, &slashed(stem)), at(file, &slashed(stem))],
            _ => vec![right(exact), at(folder, &slashed(stem)), at(file, stem)],
        };
    }
    if let Some(stem) = path.strip_suffix("/index.html") {
        let file = format!("{stem}.html");
        return match html {
            DropTrailingSlash => vec![at(exact, &or_root(stem)), at(file, stem)],
            ForceTrailingSlash => vec![at(exact, &slashed(stem)), at(file, &slashed(stem))],
            _ => vec![at(exact, &slashed(stem)), at(file, stem)],
        };
    }
    if let Some(stem) = path.strip_suffix('/') {
        let (folder, file) = (format!("{path}index.html"), format!("{stem}.html"));
        return match html {
            DropTrailingSlash if !stem.is_empty() => vec![at(file, stem), at(folder, stem)],
            ForceTrailingSlash => vec![right(folder), right(file)],
            _ => vec![right(folder), at(file, stem)],
        };
    }
    if let Some(stem) = path.strip_suffix(".html") {
        let folder = format!("{stem}/index.html");
        return match html {
            ForceTrailingSlash => vec![at(exact, &slashed(stem)), at(folder, &slashed(stem))],
            AutoTrailingSlash => vec![at(exact, stem), at(folder, &slashed(stem))],
            _ => vec![at(exact, stem), at(folder, stem)],
        };
    }
    let (file, folder) = (format!("{path}.html"), format!("{path}/index.html"));
    match html {
        ForceTrailingSlash => vec![right(exact), at(file, &slashed(path)), at(folder, &slashed(path))],
        DropTrailingSlash => vec![right(exact), right(file), right(folder)],
        _ => vec![right(exact), right(file), at(folder, &slashed(path))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 9] = [
        "/index.html",
        "/file.html",
        "/folder/index.html",
        "/both.html",
        "/both/index.html",
        "/404.html",
        "/deep/404.html",
        "/data.json",
        "/plain",
    ];

    fn exists(file: &str) -> bool {
        FILES.contains(&file)
    }

    /// `=FILE`, `>PATH` or nothing: wrangler dev 4 answers the same.
    #[track_caller]
    fn means(html: HtmlHandling, expected: &[(&str, &str)]) {
        for (path, wanted) in expected {
            let found = match meaning(html, path, &exists) {
                Some(Meaning::File(file)) => format!("={file}"),
                Some(Meaning::Redirect(to)) => format!(">{to}"),
                None => String::new(),
            };
            assert_eq!(found, *wanted, "{html:?} {path}");
        }
    }

    #[test]
    fn folders_have_a_slash_and_files_have_none_by_default() {
        means(
            HtmlHandling::AutoTrailingSlash,
            &[
                ("/", "=/index.html"),
                ("/index", ">/"),
                ("/index.html", ">/"),
                ("/file", "=/file.html"),
                ("/file.html", ">/file"),
                ("/file/", ">/file"),
                ("/file/index", ">/file"),
                ("/file/index.html", ">/file"),
                ("/folder", ">/folder/"),
                ("/folder/", "=/folder/index.html"),
                ("/folder.html", ">/folder/"),
                ("/folder/index", ">/folder/"),
                ("/folder/index.html", ">/folder/"),
                ("/both", "=/both.html"),
                ("/both/", "=/both/index.html"),
                ("/both/index", ">/both/"),
                ("/data.json", "=/data.json"),
                ("/plain", "=/plain"),
                ("/plain/", ""),
                ("/nope", ""),
                ("/deep/", ""),
            ],
        );
    }

    #[test]
    fn everything_has_a_slash_where_it_is_forced() {
        means(
            HtmlHandling::ForceTrailingSlash,
            &[
                ("/file", ">/file/"),
                ("/file/", "=/file.html"),
                ("/file/index", ">/file/"),
                ("/folder", ">/folder/"),
                ("/both", ">/both/"),
                ("/both.html", "=/both.html"),
                ("/both/", "=/both/index.html"),
                ("/404.html", ">/404/"),
                ("/data.json", "=/data.json"),
            ],
        );
    }

    #[test]
    fn nothing_has_a_slash_where_it_is_dropped() {
        means(
            HtmlHandling::DropTrailingSlash,
            &[
                ("/", "=/index.html"),
                ("/index", ">/"),
                ("/index.html", ">/"),
                ("/file/", ">/file"),
                ("/folder", "=/folder/index.html"),
                ("/folder/", ">/folder"),
                ("/folder.html", ">/folder"),
                ("/folder/index", ">/folder"),
                ("/both/", ">/both"),
                ("/both/index.html", "=/both/index.html"),
                ("/both/index", ">/both"),
            ],
        );
    }

    #[test]
    fn names_are_exact_where_nothing_is_handled() {
        means(HtmlHandling::None, &[("/", ""), ("/file", ""), ("/file.html", "=/file.html"), ("/folder/", "")]);
    }

    #[test]
    fn the_nearest_page_tells_that_nothing_is_found() {
        let page = |path| not_found(NotFoundHandling::NotFoundPage, path, &exists).map(|(page, _)| page);
        assert_eq!(page("/nope").as_deref(), Some("/404.html"));
        assert_eq!(page("/deep/er/nope").as_deref(), Some("/deep/404.html"));
        assert_eq!(not_found(NotFoundHandling::None, "/nope", &exists), None);
        let app = not_found(NotFoundHandling::SinglePageApplication, "/a/b", &exists);
        assert_eq!(app, Some(("/index.html".to_owned(), 200)));
    }
}
