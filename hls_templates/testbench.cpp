// Self-checking testbench of an hwflow design: one source for g++, Vitis C simulation and Vitis cosimulation.
//
// Reads raw integers from tb_data/inputs.dat and tb_data/golden.dat (one inference a line, golden made by onnxruntime),
// runs the design, and returns 1 when one output bit is wrong, when a stream holds data that nobody read or lacks data
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

namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

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

// Runs one inference. The simulation library of streams reports misuse as text; here it is a failure.
Row run_design(const Row &input, unsigned number);

#if TB_IO_STREAM

typedef input_t::value_type in_element_t;
typedef result_t::value_type out_element_t;

Row run_design(const Row &input, unsigned number) {
    hls::stream<input_t> source("testbench_source");
    hls::stream<result_t> sink("testbench_sink");
    for (unsigned beat = 0; beat < TB_IN / input_t::size; beat++) {
        input_t x;
        for (unsigned n = 0; n < input_t::size; n++)
            x[n] = from_raw<in_element_t>(input[beat * input_t::size + n]);
        source.write(x);
    }
    std::ostringstream complaints;
    std::streambuf *out = std::cout.rdbuf(complaints.rdbuf());
    std::streambuf *err = std::cerr.rdbuf(complaints.rdbuf());
    hwflow_top(source, sink);
    std::cout.rdbuf(out);
    std::cerr.rdbuf(err);
    std::ostringstream where;
    where << " in inference " << number;
    if (complaints.str().find("hls::stream") != std::string::npos ||
        complaints.str().find("Hls::stream") != std::string::npos)
        fail("stream misused" + where.str() + ": " + complaints.str().substr(0, 200));
    if (!source.empty())
        fail("input beats left over" + where.str());
    while (!source.empty())
        source.read();
    Row result;
    while (!sink.empty() && result.size() < TB_OUT) {
        const result_t y = sink.read();
        for (unsigned n = 0; n < result_t::size; n++)
            result.push_back(to_raw(y[n]));
    }
    if (result.size() != TB_OUT)
        fail("output beats missing" + where.str());
    if (!sink.empty())
        fail("output beats left over" + where.str());
    while (!sink.empty())
        sink.read();
    return result;
}

#else

typedef input_t in_element_t;
typedef result_t out_element_t;

Row run_design(const Row &input, unsigned) {
    input_t source[TB_IN];
    result_t sink[TB_OUT];
    for (unsigned n = 0; n < TB_IN; n++)
        source[n] = from_raw<in_element_t>(input[n]);
    hwflow_top(source, sink);
    Row result;
    for (unsigned n = 0; n < TB_OUT; n++)
        result.push_back(to_raw(sink[n]));
    return result;
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

void check_budget(const char *what, unsigned long value, unsigned long budget) {
    if (budget != 0 && value > budget) {
        std::ostringstream text;
        text << what << " of " << value << " cycles (estimate) is over the budget of " << budget;
        fail(text.str());
    }
}

} // namespace

int main() {
#ifdef RTL_SIM
    std::ofstream log("tb_data/rtl_cosim_results.log");
#else
    std::ofstream log("tb_data/csim_results.log");
#endif
    const std::vector<Row> inputs = read_rows("tb_data/inputs.dat", TB_VECTORS, TB_IN);
    const std::vector<Row> golden = read_rows("tb_data/golden.dat", TB_VECTORS, TB_OUT);
    check_budget("latency", TB_LATENCY, TB_LATENCY_BUDGET);
    check_budget("initiation interval", TB_II, TB_II_BUDGET);

    KernelCheck kernels;
    unsigned long values = 0, wrong_values = 0, bits = 0;
    unsigned vectors = 0;
    for (unsigned v = 0; v < inputs.size() && v < golden.size(); v++, vectors++) {
        kernels.before(v);
        const Row result = run_design(inputs[v], v);
        kernels.after(v);
        for (unsigned n = 0; n < TB_OUT; n++, values++) {
            const int wrong = n < result.size() ? wrong_bits(result[n], golden[v][n], out_element_t::width) : 1;
            log << (n < result.size() ? result[n] : 0) << " ";
            if (wrong == 0)
                continue;
            std::ostringstream text;
            text << "inference " << v << " output " << n << " is " << (n < result.size() ? result[n] : 0)
                 << ", onnxruntime says " << golden[v][n];
            fail(text.str());
            bits += wrong;
            wrong_values++;
        }
        log << std::endl;
    }
    kernels.print();
    std::cout << "hwflow-testbench " << vectors << " " << values << " " << wrong_values << " " << bits << " " << failures
              << std::endl;
    std::cout << (failures == 0 ? "PASS" : "FAIL") << std::endl;
    return failures == 0 ? 0 : 1;
}
