// Self-checking testbench of an hwflow design: one source for g++, Vitis C simulation and Vitis cosimulation.
//
// Reads raw integers of the data from tb_data/inputs.dat and tb_data/golden.dat, and of states from files named after them
// (one inference a line, golden made by onnxruntime), runs the design, and returns 1 when one output bit is wrong, when a stream holds data that nobody read or lacks data
// that somebody wanted, when a vector file is missing or short, or when latency or initiation interval are over budget.
// In C simulation it also compares what every kernel puts out with tb_data/<kernel>.dat.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "firmware/hwflow_top.h"
#include "firmware/nnet_utils/nnet_helpers.h"

#include "testbench_config.h"

#ifndef TB_MAIN // of one design; a program of several (hwflow fuzz) has these once, and calls each by another name
#define TB_MAIN main
namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet
#endif

namespace {

typedef std::vector<long long> Row;

int failures = 0;

void fail(const std::string &what) {
    if (failures++ < 20)
        std::cout << "FAIL: " << what << std::endl;
}

// Rows of integers from a file. A missing file, a short file or a short row is a failure.
std::vector<Row> read_rows(const std::string &path, unsigned rows, unsigned width) {
    std::vector<Row> data;
    std::ifstream file(path.c_str());
    std::string line;
    while (data.size() < rows && std::getline(file, line)) {
        std::istringstream numbers(line);
        Row row;
        long long number;
        while (numbers >> number)
            row.push_back(number);
        if (row.size() != width)
            break;
        data.push_back(row);
    }
    if (data.size() != rows) {
        std::ostringstream text;
        text << path << " holds " << data.size() << " complete vectors of " << width << " numbers, expected " << rows;
        fail(text.str());
    }
    return data;
}

template <class T> T from_raw(long long raw) {
    T x;
    ap_int<T::width> bits = raw;
    x.range(T::width - 1, 0) = bits;
    return x;
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> long long to_raw(const ap_fixed<W, I, Q, O, N> &x) {
    ap_int<W> bits = x.range(W - 1, 0);
    return bits.to_int64();
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> long long to_raw(const ap_ufixed<W, I, Q, O, N> &x) {
    ap_uint<W> bits = x.range(W - 1, 0);
    return bits.to_int64();
}

int wrong_bits(long long a, long long b, unsigned width) {
    const unsigned long long mask = width >= 64 ? ~0ULL : (1ULL << width) - 1;
    int count = 0;
    for (unsigned long long bits = (a ^ b) & mask; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

// An input or output, and its rows: one for each inference.
struct Port {
    std::string name;
    unsigned size, width;
    std::vector<Row> rows;
};

#define TB_PORT(n, type, size, width, name, path) {name, size, width, read_rows(path, TB_VECTORS, size)},

#if TB_IO_STREAM

template <class T> void send(hls::stream<T> &source, const Row &row) {
    for (unsigned beat = 0; beat < row.size() / T::size; beat++) {
        T x;
        for (unsigned n = 0; n < T::size; n++)
            x[n] = from_raw<typename T::value_type>(row[beat * T::size + n]);
        source.write(x);
    }
}

template <class T> void check_empty(hls::stream<T> &source, const std::string &where) {
    if (!source.empty())
        fail("input beats left over" + where);
    while (!source.empty())
        source.read();
}

template <class T> Row receive(hls::stream<T> &sink, unsigned size, const std::string &where) {
    Row row;
    while (!sink.empty() && row.size() < size) {
        const T y = sink.read();
        for (unsigned n = 0; n < T::size; n++)
            row.push_back(to_raw(y[n]));
    }
    if (row.size() != size)
        fail("output beats missing" + where);
    if (!sink.empty())
        fail("output beats left over" + where);
    while (!sink.empty())
        sink.read();
    return row;
}

std::string at(unsigned number, const std::string &port) {
    std::ostringstream text;
    text << " in inference " << number << ", port " << port;
    return text.str();
}

#define TB_SOURCE(n, type, size, width, name, path)                                                                    \
    hls::stream<type> source##n("testbench_source" #n);                                                                \
    send(source##n, inputs[n].rows[number]);
#define TB_SINK(n, type, size, width, name, path) hls::stream<type> sink##n("testbench_sink" #n);
#define TB_AFTER(n, type, size, width, name, path) check_empty(source##n, at(number, name));
#define TB_RESULT(n, type, size, width, name, path) results.push_back(receive(sink##n, size, at(number, name)));

// Runs one inference. The simulation library of streams reports misuse as text; here it is a failure.
std::vector<Row> run_design(const std::vector<Port> &inputs, unsigned number) {
    TB_SOURCES(TB_SOURCE)
    TB_SINKS(TB_SINK)
    std::ostringstream complaints;
    std::streambuf *out = std::cout.rdbuf(complaints.rdbuf());
    std::streambuf *err = std::cerr.rdbuf(complaints.rdbuf());
    TB_CALL(hwflow_top);
    std::cout.rdbuf(out);
    std::cerr.rdbuf(err);
    if (complaints.str().find("hls::stream") != std::string::npos ||
        complaints.str().find("Hls::stream") != std::string::npos) {
        std::ostringstream text;
        text << "stream misused in inference " << number << ": " << complaints.str().substr(0, 200);
        fail(text.str());
    }
    TB_SOURCES(TB_AFTER)
    std::vector<Row> results;
    TB_SINKS(TB_RESULT)
    return results;
}

#else

template <class T> Row to_row(const T *values, unsigned size) {
    Row row;
    for (unsigned n = 0; n < size; n++)
        row.push_back(to_raw(values[n]));
    return row;
}

#define TB_SOURCE(n, type, size, width, name, path)                                                                    \
    type source##n[size];                                                                                              \
    for (unsigned i = 0; i < size; i++)                                                                                \
        source##n[i] = from_raw<type>(inputs[n].rows[number][i]);
#define TB_SINK(n, type, size, width, name, path) type sink##n[size];
#define TB_RESULT(n, type, size, width, name, path) results.push_back(to_row(sink##n, size));

std::vector<Row> run_design(const std::vector<Port> &inputs, unsigned number) {
    TB_SOURCES(TB_SOURCE)
    TB_SINKS(TB_SINK)
    TB_CALL(hwflow_top);
    std::vector<Row> results;
    TB_SINKS(TB_RESULT)
    return results;
}

#endif

// What the kernels put out, against golden values; C simulation only (RTL has no such taps).
class KernelCheck {
  public:
    KernelCheck() : wrong_(TB_KERNELS, 0), compared_(TB_KERNELS, 0) {
#ifndef RTL_SIM
        for (unsigned k = 0; k < TB_KERNELS; k++) {
            golden_.push_back(read_rows(std::string("tb_data/") + TB_KERNEL[k].name + ".dat", TB_TRACED, TB_KERNEL[k].size));
            values_.push_back(std::vector<double>(TB_KERNEL[k].size));
        }
        for (unsigned k = 0; k < TB_KERNELS; k++)
            buffers_[TB_KERNEL[k].name] = values_[k].data();
        nnet::trace_outputs = &buffers_;
#endif
    }

    void before(unsigned number) {
#ifndef RTL_SIM
        nnet::trace_enabled = number < TB_TRACED;
#endif
    }

    void after(unsigned number) {
        if (!nnet::trace_enabled)
            return;
        for (unsigned k = 0; k < TB_KERNELS; k++) {
            if (number >= golden_[k].size())
                continue;
            unsigned wrong = 0;
            for (unsigned n = 0; n < TB_KERNEL[k].size; n++)
                wrong += values_[k][n] * TB_KERNEL[k].scale != double(golden_[k][number][n]);
            compared_[k] += TB_KERNEL[k].size;
            if (wrong != 0 && wrong_[k] == 0) {
                std::ostringstream text;
                text << "kernel " << TB_KERNEL[k].name << " differs in " << wrong << " values of inference " << number;
                fail(text.str());
            }
            wrong_[k] += wrong;
        }
    }

    void print() const {
        for (unsigned k = 0; k < TB_KERNELS; k++)
            std::cout << "hwflow-kernel " << TB_KERNEL[k].name << " " << compared_[k] << " " << wrong_[k] << std::endl;
    }

  private:
    std::vector<std::vector<Row> > golden_;
    std::vector<std::vector<double> > values_;
    std::map<std::string, void *> buffers_;
    std::vector<unsigned long> wrong_, compared_;
};

// What one output gave, bit by bit.
struct Score {
    unsigned long values, wrong_values, bits;

    Score() : values(0), wrong_values(0), bits(0) {}

    void compare(const Port &port, unsigned number, const Row &result) {
        const Row &golden = port.rows[number];
        for (unsigned n = 0; n < port.size; n++, values++) {
            const int wrong = n < result.size() ? wrong_bits(result[n], golden[n], port.width) : 1;
            if (wrong == 0)
                continue;
            std::ostringstream text;
            text << "inference " << number << " " << port.name << " " << n << " is "
                 << (n < result.size() ? result[n] : 0) << ", onnxruntime says " << golden[n];
            fail(text.str());
            bits += wrong;
            wrong_values++;
        }
    }
};

void check_budget(const char *what, unsigned long value, unsigned long budget) {
    if (budget != 0 && value > budget) {
        std::ostringstream text;
        text << what << " of " << value << " cycles (estimate) is over the budget of " << budget;
        fail(text.str());
    }
}

} // namespace

int TB_MAIN() {
#ifdef RTL_SIM
    std::ofstream log("tb_data/rtl_cosim_results.log");
#else
    std::ofstream log("tb_data/csim_results.log");
#endif
    const std::vector<Port> inputs = {TB_SOURCES(TB_PORT)};
    const std::vector<Port> golden = {TB_SINKS(TB_PORT)};
    unsigned count = TB_VECTORS;
    for (unsigned n = 0; n < inputs.size(); n++)
        count = inputs[n].rows.size() < count ? inputs[n].rows.size() : count;
    for (unsigned n = 0; n < golden.size(); n++)
        count = golden[n].rows.size() < count ? golden[n].rows.size() : count;
    check_budget("latency", TB_LATENCY, TB_LATENCY_BUDGET);
    check_budget("initiation interval", TB_II, TB_II_BUDGET);

    KernelCheck kernels;
    Score score;
    for (unsigned v = 0; v < count; v++) {
        kernels.before(v);
        const std::vector<Row> results = run_design(inputs, v);
        kernels.after(v);
        for (unsigned port = 0; port < golden.size(); port++)
            score.compare(golden[port], v, results[port]);
        for (unsigned n = 0; n < golden[0].size; n++)
            log << (n < results[0].size() ? results[0][n] : 0) << " ";
        log << std::endl;
    }
    kernels.print();
    std::cout << "hwflow-testbench " << count << " " << score.values << " " << score.wrong_values << " " << score.bits
              << " " << failures << std::endl;
    std::cout << (failures == 0 ? "PASS" : "FAIL") << std::endl;
    return failures == 0 ? 0 : 1;
}
