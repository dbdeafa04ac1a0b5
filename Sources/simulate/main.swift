import SimulateProgram

Program.run()
