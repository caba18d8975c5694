import ApusCPU
import ApusGallery
import ArgumentParser
import Foundation

@main
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Deep-learning systems that train, and are used, on your own machine.",
        discussion: """
            Try:
              apus train image-classification
              apus predict image-classification --model runs/image-classification-1 shirt.png

            Every command takes --json: JSON lines on standard output for other programs, progress on standard error.
            Exit status: 0 done, 1 bad input, 64 wrong usage, 130 stopped with Ctrl-C (and saved).
            Completions for your shell: apus --generate-completion-script bash|zsh|fish
            """,
        version: Version.current,
        subcommands: [
            SystemsCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ServeCommand.self,
            SummaryCommand.self,
            GalleryCommand.self, InspectCommand.self, RunCommand.self, ExportCommand.self, ConvertCommand.self,
            ConformanceCommand.self,
            DataCommand.self, BenchCommand.self,
            ProfileCommand.self, ServingBenchCommand.self, VersionCommand.self,
        ])

    static func main() {
        ThreadWaiting.shorten()
        let arguments = Array(CommandLine.arguments.dropFirst())
        prepareSignals()
        do {
            try checkCommandName(arguments)
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            Failure(error, isJSON: arguments.contains("--json")).exit()
        }
    }

    private static func prepareSignals() {
        // A reader that went away, as in `apus systems | head -1`, is no error worth a message.
        signal(SIGPIPE, SIG_DFL)
        // A program that starts this one from a thread with blocked signals hands that on; Ctrl-C has to work all the same.
        var stops = sigset_t()
        sigemptyset(&stops)
        sigaddset(&stops, SIGINT)
        sigaddset(&stops, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &stops, nil)
    }

    /// Names the nearest command where the parser would only call the word unexpected.
    private static func checkCommandName(_ arguments: [String]) throws {
        guard let word = arguments.first, !word.hasPrefix("-"), word != "help" else { return }
        let names = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !names.contains(word) else { return }
        let guess = nearest(to: word, among: names).map { "Did you mean '\($0)'? " } ?? ""
        throw ValidationError("There is no command '\(word)'. \(guess)There are \(names.joined(separator: ", ")).")
    }
}
