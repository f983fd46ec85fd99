grant :"role" to :"worker";
