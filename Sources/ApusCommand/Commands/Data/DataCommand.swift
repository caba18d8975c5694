import Apus
import ApusGallery
import ArgumentParser

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "List, fetch and check the data sets that packages ship.",
        discussion: "They are kept in $APUS_CACHE, else in $XDG_CACHE_HOME/apus or ~/.cache/apus.",
        subcommands: [DataListCommand.self, DataFetchCommand.self, DataVerifyCommand.self, DataSamplesCommand.self])
}

extension CompletionKind {
    static var dataSets: CompletionKind { .list(DataCatalogue.standard.entries.map(\.name)) }
}

extension DataCatalogue {
    /// An entry by name.
    ///
    /// - Throws: `InputError` with the nearest name.
    func knownEntry(_ name: String) throws -> CatalogueEntry {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw InputError.unknown("data set", name, among: entries.map(\.name))
        }
        return entry
    }
}
