import Apus
import ApusGallery
import ArgumentParser

struct DataFetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Put data sets into the cache, checked by their SHA-256.")

    @Argument(help: "Names: see `apus data list`.", completion: .dataSets)
    var names: [String]
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let catalogue = DataCatalogue.standard
        // A misspelt name is found before anything is downloaded.
        for name in names { _ = try catalogue.knownEntry(name) }
        for name in names {
            let folder = try catalogue.fetch(name, progress: FetchProgress(name, output: output).receive)
            output.show("\(name) is in \(folder.path)")
            output.emit("data", FetchedData(name: name, folder: folder.path))
        }
        output.finish("data fetch")
    }
}

private struct FetchedData: Encodable, Sendable {
    let name: String
    let folder: String
}
