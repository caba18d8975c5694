import Foundation
import Testing

import ApusGraph

@Suite struct EngineOptionsTests {
    @Test func theEnvironmentNamesPassesThreadsAndPinning() {
        let options = EngineOptions(
            environment: ["APUS_DISABLE": "fusion, placement-reuse", "APUS_THREADS": "3", "APUS_PIN": "1"])
        #expect(options == EngineOptions(disabled: [.fusion, .placementReuse], threadCount: 3, pinsThreads: true))
        #expect(!options.runs(.fusion))
        #expect(options.runs(.donation))
    }

    @Test func anEmptyEnvironmentLeavesEverythingOn() {
        #expect(EngineOptions(environment: [:]) == EngineOptions())
        #expect(EngineOptions(environment: ["APUS_DISABLE": "", "APUS_PIN": "0"]) == EngineOptions())
    }

    @Test func allSwitchesEverythingOff() {
        #expect(EngineOptions(environment: ["APUS_DISABLE": "all"]).disabled == Set(EngineOptions.Pass.allCases))
    }

    @Test func whatNobodyUnderstandsIsSaid() {
        var warnings: [String] = []
        let options = EngineOptions(environment: ["APUS_DISABLE": "fussion,donation", "APUS_THREADS": "many"]) {
            warnings.append($0)
        }
        #expect(options == EngineOptions(disabled: [.donation]))
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains("fussion") == true)
        #expect(warnings.first?.contains("placement-reuse") == true)
    }

    @Test func everyPassIsListedInTheDocumentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let page = try String(contentsOf: root.appending(path: "docs/environment.md"), encoding: .utf8)
        for pass in EngineOptions.Pass.allCases { #expect(page.contains("| `\(pass.rawValue)` |")) }
    }
}
