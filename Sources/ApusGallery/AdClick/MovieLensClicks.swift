import Apus
import Foundation

/// MovieLens made binary: a film that got four or five stars counts as clicked. Each impression knows what was known at its moment,
/// and nothing of what came later.
struct MovieLensClicks {
    /// In the order of time.
    let records: [ClickRecord]
    /// The day of each, from the first.
    let days: [Int]
    /// The number of each one's user.
    let users: [Int]
    /// The film of each.
    let films: [String]

    init(_ movieLens: MovieLens, _ schema: ClickSchema) {
        var histories = Histories()
        let start = movieLens.ratings.first!.time / 86_400
        let numbers = Dictionary(uniqueKeysWithValues: movieLens.users.keys.sorted().enumerated().map { ($1, $0) })
        records = movieLens.ratings.map { rating in
            let (user, film) = (movieLens.users[rating.user]!, movieLens.films[rating.film]!)
            let isClick = rating.stars >= 4
            defer { histories.note(isClick, user, film) }
            let (numbers, liked, disliked) = histories.known(of: user, film)
            let singles = [
                user.id, film.id, user.gender, "\(user.age / 5 * 5)", user.occupation, String(user.zip.prefix(2)),
                film.year, "\(rating.time / 3600 % 24)", "\((rating.time / 86_400 + 4) % 7)",
            ]
            return ClickRecord(
                isClick: isClick, numbers: numbers, categories: singles.map { [$0] } + [film.genres, liked, disliked])
        }
        days = movieLens.ratings.map { $0.time / 86_400 - start }
        users = movieLens.ratings.map { numbers[$0.user]! }
        films = movieLens.ratings.map(\.film)
        precondition(
            records[0].numbers.count == schema.numbers.count && records[0].categories.count == schema.categories.count,
            "MovieLensClicks: the schema has other fields")
    }
}

/// What has happened so far.
private struct Histories {
    private struct Count {
        var views = 0.0
        var clicks = 0.0

        mutating func note(_ isClick: Bool) {
            views += 1
            clicks += isClick ? 1 : 0
        }

        /// The share of clicks, drawn toward `prior` while there are few.
        func rate(prior: Double) -> Double { (clicks + 5 * prior) / (views + 5) }
    }

    private var all = Count(views: 2, clicks: 1)
    private var users: [String: Count] = [:]
    private var films: [String: Count] = [:]
    private var genres: [String: [String: Count]] = [:]
    private var liked: [String: [String]] = [:]
    private var disliked: [String: [String]] = [:]

    /// Views and click rates of the user, of the film, and of the film's genres with this user; the last films liked and disliked.
    func known(of user: MovieLens.User, _ film: MovieLens.Film) -> ([Double?], [String], [String]) {
        let prior = all.clicks / all.views
        let (ofUser, ofFilm) = (users[user.id] ?? Count(), films[film.id] ?? Count())
        let ofGenres = film.genres.reduce(into: Count()) { sum, genre in
            let count = genres[user.id]?[genre] ?? Count()
            sum.views += count.views
            sum.clicks += count.clicks
        }
        let userRate = ofUser.rate(prior: prior)
        return (
            [
                ofUser.views, userRate, ofFilm.views, ofFilm.rate(prior: prior), ofGenres.views,
                ofGenres.rate(prior: userRate),
            ], liked[user.id] ?? [], disliked[user.id] ?? []
        )
    }

    mutating func note(_ isClick: Bool, _ user: MovieLens.User, _ film: MovieLens.Film) {
        all.note(isClick)
        users[user.id, default: Count()].note(isClick)
        films[film.id, default: Count()].note(isClick)
        for genre in film.genres { genres[user.id, default: [:]][genre, default: Count()].note(isClick) }
        func append(to films: inout [String: [String]]) {
            films[user.id] = (films[user.id] ?? []).suffix(19) + [film.id]
        }
        if isClick { append(to: &liked) } else { append(to: &disliked) }
    }
}
