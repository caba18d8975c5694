import Apus
import ApusGallery
import ArgumentParser

struct DataVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check data sets in the cache against their SHA-256.")

    @Argument(help: "Names; all that are in the cache by default.", completion: .dataSets)
    var names: [String] = []
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        let catalogue = DataCatalogue.standard
        for name in names { _ = try catalogue.knownEntry(name) }
        let chosen = names.isEmpty ? catalogue.list().filter(\.isFetched).map(\.entry.name) : names
        if chosen.isEmpty { output.show("The cache \(catalogue.cache.path) holds no data set.") }

        var failureCount = 0
        for name in chosen {
            do {
                try catalogue.verify(name)
                output.show("\(name): sound")
                output.emit("verified", VerifiedData(name: name))
            } catch {
                output.fail(error, input: name)
                failureCount += 1
            }
        }
        output.finish("data verify")
        if failureCount > 0 { throw ExitCode(1) }
    }
}

private struct VerifiedData: Encodable, Sendable {
    let name: String
}
