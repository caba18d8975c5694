import Apus
import Foundation

/// A system whose trained model can be put into service: it answers other processes over a local socket, and goes on learning from what
/// happens.
public protocol ServingSystem: System {
    /// Serves until it is asked to stop, or until the events end where the options say so. Everything is saved then.
    ///
    /// - Throws: what is wrong with the model, the socket or the disk; the error names the input and the remedy.
    func serve(_ options: ServeOptions, output: any SystemOutput) throws
}

/// How a trained model is put into service.
public struct ServeOptions: Sendable {
    /// The folder of the run that trained it. What is learned in service is kept there.
    public var model: URL
    /// The path of the Unix-domain socket that other processes ask at.
    public var socket: String
    /// Labelled events to learn from: a file's path, or `-` for standard input; only what comes over the socket where nil.
    public var events: String?
    /// The most events a second that are taken from there; as many as can be learned where nil.
    public var rate: Double?
    /// Whether to end when the events do.
    public var endsWithEvents = false
    /// The values of the system's own settings.
    public var settings: SettingValues

    public init(model: URL, socket: String, settings: SettingValues = SettingValues()) {
        self.model = model
        self.socket = socket
        self.settings = settings
    }
}
