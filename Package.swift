// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

/// A target of our own; it may import only targets of lower floors (docs/architecture.md).
func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "apus",
    products: [
        .library(name: "Apus", targets: ["Apus"]),
        .executable(name: "apus", targets: ["ApusCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        // Floor 0: C
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "CLAPACK", providers: [.apt(["libopenblas-openmp-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),
        // Floor 1: the graph
        library("ApusGraph", []),
        // Floor 2: backends
        library("ApusCPU", ["ApusGraph", "CKernels", "CLAPACK", "COneDNN"]),
        library("ApusReference", ["ApusGraph"]),
        // Floor 3: tensors and gradients
        library("ApusTensor", ["ApusGraph", "ApusCPU"]),
        // Floor 4: what networks are made of
        library("ApusNN", ["ApusTensor"]),
        library("ApusOptim", ["ApusTensor", "ApusNN"]),
        library("ApusIO", ["ApusTensor", "CZip", "CZlib"]),
        library("ApusData", ["ApusTensor", "ApusIO", "CTurboJPEG", "CPNG", "CZlib"]),
        library(
            "ApusONNX",
            ["ApusTensor", "ApusNN", "ApusIO", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Schema/onnx.proto"]),
        // Floor 5: training
        library("ApusTrain", ["ApusCPU", "ApusTensor", "ApusNN", "ApusOptim", "ApusIO", "ApusData"]),
        library("ApusText", ["CKernels", "ApusTensor", "ApusNN", "ApusIO", "ApusData", "ApusTrain", "CZlib"]),
        library("ApusControl", ["ApusTensor", "ApusNN", "ApusOptim", "ApusIO", "ApusData", "ApusTrain"]),
        library("ApusVision", ["ApusTensor", "ApusNN", "ApusOptim", "ApusData"]),
        // Floor 6: everything, and the gallery
        library(
            "Apus",
            [
                "ApusTensor", "ApusNN", "ApusOptim", "ApusIO", "ApusONNX", "ApusData", "ApusTrain", "ApusControl",
                "ApusText", "ApusVision",
            ]),
        library(
            "ApusGallery", ["Apus"],
            exclude: [
                "AdClick/README.md", "DeepQNetwork/README.md", "GAN/README.md", "ImageClassification/README.md",
                "MachineTranslation/README.md", "TextGeneration/README.md",
                "WordAnalogies/README.md",
            ]),
        // Floor 7: the command line
        .executableTarget(
            name: "ApusCommand",
            dependencies: [
                "ApusBenchmarks", "ApusCPU", "ApusGallery",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // What is timed beside PyTorch and others, and how
        .target(
            name: "ApusBenchmarks", dependencies: ["Apus", "ApusCPU", "ApusGallery"],
            path: "Benchmarks/ApusBenchmarks", swiftSettings: settings),

        .target(
            name: "ApusTestSupport", dependencies: ["ApusTensor", "ApusReference", "ApusIO"],
            path: "Tests/ApusTestSupport",
            swiftSettings: settings),
        tests("ApusGraphTests", ["ApusGraph", "ApusReference"]),
        tests("ApusTensorTests", ["ApusTestSupport", "ApusONNX"], resources: [.copy("Goldens")]),
        tests(
            "ApusNNTests", ["ApusTestSupport", "ApusNN", "ApusOptim", "ApusONNX"], resources: [.copy("Goldens")]),
        tests(
            "ApusIOTests", ["ApusTestSupport", "ApusIO"], exclude: ["make-fixtures.py"], resources: [.copy("Fixtures")]),
        tests(
            "ApusONNXTests",
            [
                "ApusTestSupport", "ApusONNX", "ApusOptim", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        tests("ApusDataTests", ["ApusTestSupport", "ApusData"], exclude: ["Goldens"]),
        tests("ApusTrainTests", ["ApusTestSupport", "ApusTrain"]),
        tests(
            "ApusControlTests", ["ApusTestSupport", "ApusControl"], exclude: ["make-goldens.py"],
            resources: [.copy("Goldens")]),
        tests("ApusTextTests", ["ApusTestSupport", "ApusText"], resources: [.copy("Goldens")]),
        tests("ApusVisionTests", ["ApusTestSupport", "ApusVision"], resources: [.copy("Goldens")]),
        tests("ApusBenchmarksTests", ["ApusTestSupport", "ApusBenchmarks"], exclude: ["fake_peer.py"]),
        tests(
            "ApusGalleryTests",
            [
                "ApusTestSupport", "ApusGallery", "ApusCommand",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], exclude: ["ad_click_goldens.py"]),
    ]
)
