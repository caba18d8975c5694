import Apus
import ApusGallery
import ArgumentParser

struct DataListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the data sets, their sizes and licences, and which are here.")

    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let catalogue = DataCatalogue.standard
        var table = TextTable(
            header: ["", "Data set", "What", "Licence", "Download"], [.left, .left, .left, .left, .right])
        for status in catalogue.list() {
            let entry = status.entry
            table.append(
                status.isFetched ? "✓" : "", entry.name, entry.summary, entry.licence, Format.bytes(entry.byteCount))
            output.emit(
                "data",
                DataEvent(
                    name: entry.name, summary: entry.summary, licence: entry.licence, bytes: entry.byteCount,
                    isFetched: status.isFetched, folder: status.folder.path))
        }
        output.show(table.rendered())
        output.show("\n✓ is in \(catalogue.cache.path). Get one with: apus data fetch NAME")
        output.finish("data list")
    }
}

private struct DataEvent: Encodable, Sendable {
    let name: String
    let summary: String
    let licence: String
    let bytes: Int
    let isFetched: Bool
    let folder: String
}
