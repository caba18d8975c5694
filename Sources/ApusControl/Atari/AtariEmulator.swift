import Foundation

/// The Arcade Learning Environment in a process of its own: `ale-py` has no C interface, so a few lines of Python pass actions and screens through pipes.
///
/// Reference: Bellemare, Naddaf, Veness and Bowling, “The Arcade Learning Environment”, 2013.
final class AtariEmulator {
    /// What can go wrong with it.
    struct Failure: Error, CustomStringConvertible {
        let problem: String
        var remedy = "Install Python 3 with ale-py (pip install ale-py); APUS_PYTHON names another Python"
        var description: String { "Atari: \(problem). \(remedy)" }
    }

    /// The actions that the game knows, by name.
    let actionNames: [String]
    private let height: Int
    private let width: Int
    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()

    /// Starts a game, of which ale-py has the ROM.
    init(_ game: String, python: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-c", Self.script, game]
        process.standardInput = requests
        process.standardOutput = answers
        process.standardError = FileHandle.nullDevice
        signal(SIGPIPE, SIG_IGN)
        do { try process.run() } catch { throw Failure(problem: "\(python) could not be started") }
        let header = try Self.line(answers.fileHandleForReading).split(separator: " ").map(String.init)
        guard header.count >= 4, header[0] == "ready", let height = Int(header[1]), let width = Int(header[2]) else {
            process.terminate()
            let words = header.joined(separator: " ")
            if words.hasPrefix("there is no game") { throw Failure(problem: words, remedy: "Choose one of these") }
            throw Failure(problem: words.isEmpty ? "ale-py could not be loaded" : words)
        }
        (self.height, self.width) = (height, width)
        actionNames = header[3].split(separator: ",").map { $0.lowercased() }
    }

    deinit {
        try? requests.fileHandleForWriting.close()
        if process.isRunning { process.terminate() }
    }

    /// What the screen shows: one byte a pixel, the brighter of the last two frames, since the console draws some things in every other one.
    struct Frame {
        var reward: Double
        var isOver: Bool
        var height: Int
        var width: Int
        var pixels: [UInt8]
    }

    func reset(seed: Int32) throws -> Frame { try frame("reset \(seed)") }

    /// Holds an action for four frames.
    func step(_ action: Int) throws -> Frame { try frame("step \(action)") }

    /// The screen in colour: its size, and three bytes a pixel.
    func screen() throws -> (height: Int, width: Int, pixels: [UInt8]) {
        try send("screen")
        return (height, width, try bytes(height * width * 3))
    }

    private func frame(_ request: String) throws -> Frame {
        try send(request)
        let fields = try Self.line(answers.fileHandleForReading).split(separator: " ")
        guard fields.count == 2, let reward = Double(fields[0]) else {
            throw Failure(problem: "the emulator broke off")
        }
        return Frame(
            reward: reward, isOver: fields[1] == "1", height: height, width: width, pixels: try bytes(height * width))
    }

    // MARK: Pipes

    private func send(_ request: String) throws {
        do { try requests.fileHandleForWriting.write(contentsOf: Data((request + "\n").utf8)) } catch {
            throw Failure(problem: "the emulator has ended")
        }
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count < count {
            guard let data = try answers.fileHandleForReading.read(upToCount: count - result.count), !data.isEmpty
            else {
                throw Failure(problem: "the emulator has ended")
            }
            result += data
        }
        return result
    }

    private static func line(_ handle: FileHandle) throws -> String {
        var result: [UInt8] = []
        while let byte = try handle.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { break }
            result.append(byte)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Sticky actions with a chance of a quarter and whole games, as Machado et al., “Revisiting the Arcade Learning Environment”, 2018, propose.
    private static let script = """
        import sys
        out = sys.stdout.buffer
        def say(text):
            out.write((text + "\\n").encode())
            out.flush()
        try:
            import numpy, ale_py
            from ale_py import roms
            path = roms.get_rom_path(sys.argv[1])
            if path is None:
                raise ValueError("there is no game " + sys.argv[1] + "; there are " + ", ".join(sorted(roms.get_all_rom_ids())))
        except Exception as error:
            say(str(error))
            sys.exit()
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        ale = ale_py.ALEInterface()
        ale.setFloat("repeat_action_probability", 0.25)
        def load(seed):
            ale.setInt("random_seed", seed)
            ale.loadROM(path)
        load(0)
        actions = ale.getMinimalActionSet()
        height, width = ale.getScreenDims()
        say("ready %d %d %s" % (height, width, ",".join(action.name for action in actions)) + " .")
        seeded = False
        for request in sys.stdin:
            word, _, argument = request.strip().partition(" ")
            if word == "screen":
                out.write(ale.getScreenRGB().tobytes())
            else:
                reward, screens = 0.0, []
                if word == "reset":
                    if not seeded:
                        load(int(argument))
                        seeded = True
                    ale.reset_game()
                    screens = [ale.getScreenGrayscale()]
                else:
                    for repeat in range(4):
                        reward += ale.act(actions[int(argument)])
                        if repeat > 1:
                            screens.append(ale.getScreenGrayscale())
                        if ale.game_over():
                            break
                    screens = screens or [ale.getScreenGrayscale()]
                out.write(("%g %d\\n" % (reward, ale.game_over())).encode())
                out.write(numpy.max(screens, axis=0).tobytes())
            out.flush()
        """
}
